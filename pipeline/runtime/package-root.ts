/** The folder of the package, which holds `templates` and `package.json`; built files stand below its `dist`. */
export const PACKAGE_ROOT = new URL(
  import.meta.url.endsWith('.ts') ? '../../' : '../../../',
  import.meta.url,
);
