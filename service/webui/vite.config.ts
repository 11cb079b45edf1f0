/** The build: the page's sources in, the files that the relay serves out (service/mlx_relay/web/static). */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

import { compressed } from "./scripts/compressed.mjs";
import { onlyWoff2 } from "./scripts/only-woff2.mjs";
import { thirdParty } from "./scripts/third-party.mjs";

export default defineConfig({
  plugins: [onlyWoff2(), svelte(), thirdParty(), compressed()],
  build: {
    // hatch_build.py gives another folder, and moves the files when all are there.
    outDir: "../mlx_relay/web/static",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The content security policy allows neither data: fonts nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // Svelte's server build is the default outside a browser; the tests mount real components.
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    // A busy machine is no failure.
    testTimeout: 60_000,
  },
});
