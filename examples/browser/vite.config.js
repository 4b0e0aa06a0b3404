// One file that runs from anywhere, a disk (file://) too, where browsers load no module from a second file.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const inOneFile = {
  name: 'in-one-file',
  enforce: 'post',
  generateBundle(_, files) {
    const page = Object.values(files).find(({ fileName }) => fileName.endsWith('.html'))
    for (const { type, fileName, code, source } of Object.values(files)) {
      if (fileName === page.fileName) continue
      const inlined = type === 'chunk' ? scriptOf(code) : `<style>${source}</style>`
      const tag = new RegExp(`<(script|link)[^>]*${fileName}"[^>]*>(</script>)?`)
      page.source = page.source.replace(tag, () => inlined)
      delete files[fileName]
    }
  },
}

/** Where a module's text says so, the page's element would end. */
const scriptOf = (code) =>
  `<script type="module">${code.replaceAll('</script', '<\\/script')}</script>`

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [inOneFile],
  build: { target: 'es2022', modulePreload: false, assetsInlineLimit: 0 },
})
