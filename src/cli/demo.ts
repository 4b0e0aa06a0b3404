/** `linkspan demo` */
export async function demo(): Promise<void> {
  throw new Error('demo is being built')
}
