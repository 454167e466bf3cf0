/** For the hub: where the built page lies. The page itself is reached only through a browser. */

/** Folder of the built page, as a file URL that ends in a slash. It exists after `vite build packages/ui`. */
export const pageFolder: URL = new URL('../dist/', import.meta.url)
