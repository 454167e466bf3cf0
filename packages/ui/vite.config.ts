/** Builds the page into `dist`: hashed files only, nothing inline, so that the strictest CSP holds. */
import { readFileSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Puts the icon sprite into the document: `<use href="#i-live">` then needs no request and no innerHTML. */
function iconSprite(): Plugin {
  const file = new URL('./src/theme/icons.svg', import.meta.url)
  return {
    name: 'honeyguide-icons',
    transformIndexHtml(html) {
      const sprite = readFileSync(file, 'utf8')
        .replace(
          '<svg xmlns="http://www.w3.org/2000/svg">',
          '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" class="sprite" aria-hidden="true">',
        )
        .replaceAll(/<!--.*?-->\n?/gs, '')
      return html.replace('<!-- icons -->', () => sprite)
    },
  }
}

// oxlint-disable-next-line import/no-default-export -- Vite asks for it
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), iconSprite()],
  build: {
    target: 'es2022',
    // A data: URL would need a looser CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: true,
  },
})
