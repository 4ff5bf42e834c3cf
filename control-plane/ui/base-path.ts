/** The path under which a proxy serves these pages (BASE_PATH), such as `/logs`; '' where there is none. */
const BASE_PATH = document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '';

/** The path at which the browser finds one of the server's. */
export function browserPath(path: string): string {
  return BASE_PATH + path;
}

/** The server's path of one in the browser's address. */
export function serverPath(path: string): string {
  if (BASE_PATH === '' || (path !== BASE_PATH && !path.startsWith(`${BASE_PATH}/`))) return path;
  return path.slice(BASE_PATH.length) || '/';
}
