import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The program embeds dist. Nothing is inlined: the content security policy allows files of ours only.
export default defineConfig({
  plugins: [react()],
  base: "./",
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 300 },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
