// The console's words, English and Chinese. A key that one language lacks does not compile.
import { createContext, useContext } from "react";
import { deskEn, deskZh } from "./words-desk";

const en = {
  ...deskEn,
  signIn: "Sign in", name: "Name", password: "Password", signOut: "Sign out", signedInAs: "Signed in as {name}",
  live: "Live", calls: "Calls", knowledge: "Knowledge", flows: "Flows", analytics: "Analytics", setup: "Setup", menu: "Main menu", skip: "Skip to the content",
  connecting: "Connecting", upToDate: "Live", stale: "Not live: the connection is lost, what you see may be old",
  noLive: "No call is going on. Call the number, or from this page.", callHere: "Call from this page",
  caller: "Caller", attendant: "Attendant", human: "Human", started: "Started", length: "Length", flow: "Flow", outcome: "Outcome", mood: "Mood", number: "Number", codec: "Codec", age: "Age",
  transcript: "Transcript", interrupted: "interrupted", answeredAfter: "answered after {s} s", nothingHeard: "(nothing was heard)", keyed: "keyed",
  close: "Close", more: "Show more", filter: "Outcome", all: "all", back: "Back to the calls",
  recording: "Recording", noRecording: "There is no recording of this call.", play: "Play", pause: "Pause", waveform: "Waveform: the caller above, the attendant below; click to go there",
  facts: "Facts", slots: "What was told", actions: "Actions", guard: "Stopped by the guard", delays: "Delays", endpoint: "silence", recognize: "recognise", understand: "understand", act: "act", speak: "voice",
  understood: "understood as", sources: "from", ended: "Ended", cause: "Cause", callID: "Call-ID", sentiment: "Sentiment", ladder: "SIP",
  title: "Title", owner: "Owner", reviewBy: "Review by", version: "Version", language: "Language", staleArticle: "to be reviewed", answer: "Spoken answer", examples: "Questions", link: "Link", search: "Search", steps: "Steps", talk: "Talk to it", text: "Text",
  users: "Users", keys: "API keys", audit: "Audit", vendors: "Vendors", roles: "Roles", display: "Display name", add: "Add", remove: "Remove", disabled: "disabled", created: "Created", expires: "Expires", scopes: "Scopes", who: "Who", action: "Action", object: "Object", remote: "From", at: "When",
  newKey: "The key, shown only now:", sure: "Remove {name}? This cannot be undone.", saved: "Saved", none: "None", of: "{part} of {of}",
  contacts: "Contacts", strict_containment: "Strict containment", containment: "Containment", escalation: "Escalation", abandonment: "Abandoned in self-service", today: "Last 24 hours", week: "Last 7 days", month: "Last 30 days", formula: "Formula",
  handedOver: "Human: {text}", failed: "That did not work: {why}", state: "State", kind: "Kind", latency: "Latency",
};
export type Key = keyof typeof en;

const zh: { [K in Key]: string } = {
  ...deskZh,
  signIn: "登录", name: "用户名", password: "密码", signOut: "退出", signedInAs: "已登录：{name}",
  live: "实时", calls: "通话", knowledge: "知识库", flows: "流程", analytics: "分析", setup: "设置", menu: "主菜单", skip: "跳到正文",
  connecting: "正在连接", upToDate: "实时", stale: "连接已断开，显示的内容可能已过时",
  noLive: "当前没有通话。请拨打号码，或从本页呼叫。", callHere: "从本页呼叫",
  caller: "来电者", attendant: "客服助理", human: "人工", started: "开始", length: "时长", flow: "流程", outcome: "结果", mood: "情绪", number: "号码", codec: "编码", age: "已持续",
  transcript: "通话文字", interrupted: "被打断", answeredAfter: "{s} 秒后回答", nothingHeard: "（没有听到内容）", keyed: "按键",
  close: "关闭", more: "显示更多", filter: "结果", all: "全部", back: "返回通话列表",
  recording: "录音", noRecording: "本次通话没有录音。", play: "播放", pause: "暂停", waveform: "波形：上方为来电者，下方为客服助理；点击可跳转",
  facts: "概况", slots: "已知信息", actions: "操作", guard: "被护栏拦截", delays: "延迟", endpoint: "静音", recognize: "识别", understand: "理解", act: "操作", speak: "语音",
  understood: "理解为", sources: "来源", ended: "结束", cause: "原因", callID: "Call-ID", sentiment: "情绪", ladder: "SIP",
  title: "标题", owner: "负责人", reviewBy: "复审日期", version: "版本", language: "语言", staleArticle: "待复审", answer: "口头答案", examples: "示例问题", link: "链接", search: "搜索", steps: "步骤", talk: "试着对话", text: "文本",
  users: "用户", keys: "API 密钥", audit: "审计", vendors: "供应商", roles: "角色", display: "显示名称", add: "添加", remove: "删除", disabled: "已停用", created: "创建", expires: "到期", scopes: "权限范围", who: "操作者", action: "操作", object: "对象", remote: "来自", at: "时间",
  newKey: "密钥（仅显示这一次）：", sure: "删除 {name}？此操作不可撤销。", saved: "已保存", none: "无", of: "{part} / {of}",
  contacts: "联系量", strict_containment: "严格自助解决率", containment: "自助解决率", escalation: "转人工率", abandonment: "自助中放弃率", today: "最近 24 小时", week: "最近 7 天", month: "最近 30 天", formula: "公式",
  handedOver: "人工：{text}", failed: "操作未成功：{why}", state: "状态", kind: "类型", latency: "延迟",
};

export type Language = "en" | "zh";
export const languages: { [L in Language]: string } = { en: "English", zh: "简体中文" };

/** Say puts a word of the console, with its values, into the chosen language. */
export type Say = (key: Key, values?: { [name: string]: string | number }) => string;

export const speaker = (language: Language): Say => (key, values) => {
  const text = (language === "zh" ? zh : en)[key];
  return values ? text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? "")) : text;
};

export const preferred = (): Language => {
  const kept = localStorage.getItem("language");
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.startsWith("zh") ? "zh" : "en";
};

export const Words = createContext<{ say: Say; language: Language; choose: (l: Language) => void }>({ say: speaker("en"), language: "en", choose: () => {} });
export const useWords = () => useContext(Words);
