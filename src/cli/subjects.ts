/** What `linkspan show` can show; the names of the API's paths. */
export const subjects = ['ports', 'bridges', 'fdb', 'drops', 'workers', 'config'] as const

export type Subject = (typeof subjects)[number]
