/** A Vite plugin: style sheets in, the same without the font formats that no current browser asks for, out. */

const OLD_FORMATS = /,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\(["'][a-z]+["']\)/g;

export function onlyWoff2() {
  return {
    name: "only-woff2",
    enforce: /** @type {const} */ ("pre"),
    /** @param {string} code @param {string} id */
    transform(code, id) {
      return /katex.*\.css/.test(id) ? code.replace(OLD_FORMATS, "") : undefined;
    },
  };
}
