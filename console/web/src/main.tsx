import { createRoot } from "react-dom/client";
import { App } from "./app";
import "./style.css";

// The widget of other sites' pages serves on ours too; it is a script of its own.
const widget = document.createElement("script");
widget.src = "./widget.js";
document.head.append(widget);

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
