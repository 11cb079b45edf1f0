/** A Vite plugin: the modules that went into the bundle in, THIRD_PARTY.txt with their licenses out. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The folder of the npm package that holds the module *id*, or undefined for our own code.
 * @param {string} id */
function packageFolder(id) {
  const match = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll("\\", "/"));
  return match?.[1];
}

/** @param {string} folder */
function licenseText(folder) {
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name));
  if (files.length === 0) throw new Error(`${folder} has no license file`);
  return files.map((name) => readFileSync(join(folder, name), "utf8").trim()).join("\n\n");
}

/** @param {string} folder */
function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${name} ${version} (${license})\n\n${licenseText(folder)}\n`;
}

export function thirdParty() {
  return {
    name: "third-party",
    /** @this {import("vite").Rollup.PluginContext}
     * @param {unknown} _options @param {import("vite").Rollup.OutputBundle} bundle */
    generateBundle(_options, bundle) {
      const folders = new Set();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk") continue;
        for (const id of Object.keys(chunk.modules)) {
          const folder = packageFolder(id);
          if (folder && existsSync(join(folder, "package.json"))) folders.add(folder);
        }
      }
      const notices = [...folders].sort().map(notice);
      const source = `The chat page contains code of these projects.\n\n${notices.join(`\n${"-".repeat(80)}\n\n`)}`;
      this.emitFile({ type: "asset", fileName: "THIRD_PARTY.txt", source });
    },
  };
}
