/** Entry. The token leaves the address bar before anything else is loaded: no history, no referrer, no shoulder. */
import { applyTheme } from './state/preferences.ts'
import { tokenIn } from './state/sign-in-token.ts'
// The two typefaces, served by the hub itself; a browser fetches only the subsets that a page needs.
import '@fontsource-variable/ibm-plex-sans/standard.css'
import '@fontsource/commit-mono/400.css'
import '@fontsource/commit-mono/600.css'
import './theme/tokens.css'
import './theme/base.css'
import './theme/shell.css'
import './theme/parts.css'
import './theme/screens.css'

const token = tokenIn(window.location.hash)
if (window.location.hash !== '')
  window.history.replaceState(null, '', window.location.pathname + window.location.search)
applyTheme()
window.matchMedia('(prefers-color-scheme: light)').addEventListener('change', applyTheme)
void import('./app.tsx').then(({ startPage }) => startPage(token))
