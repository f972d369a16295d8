// The words of the pages for administrators and designers, merged into words.ts.
export const en = {
  numbers: "Numbers", trunks: "Trunks", testCall: "Test call", addNumber: "Add a number", addTrunk: "Add a trunk", importCSV: "Import", exportCSV: "Export", edit: "Edit", save: "Save", saving: "Saving…",
  history: "History", versionBy: "Version {n}, {who}, {at}", removedBy: "removed", changedMeanwhile: "Somebody has changed this since you opened it.", reload: "Load what is there now", notFoundHere: "There is no such entry.",
  greetingOnly: "greeting", always: "always", ruleFor: "What a call to it does", hoursTitle: "Hours", fallbackTitle: "Outside of the hours", anyNumber: "all other numbers",
  f_number: "Number", f_name: "Name", f_flow: "Begins with the flow", f_language: "Language", f_queue: "Queue", f_human: "Human", f_zone: "Time zone", f_weekly: "Open", f_holidays: "Closed on", f_message: "Message", f_fallbackFlow: "Then the flow", f_fallbackHuman: "Or a human",
  h_number: "As you write it: 030 1234567 or +49 30 1234567; * is all others", h_weekly: "mon-fri 09:00-17:00; sat 10:00-14:00", h_holidays: "12-25 2026-12-24..2027-01-01", h_list: "with spaces between",
  connection: "Connection", registration: "Registration", security: "Security", media: "Audio", callerTitle: "Who calls", outboundTitle: "Outgoing calls", caps: "Limits",
  f_preset: "Preset", f_about: "About", f_disabled: "Disabled", f_priority: "Priority", f_host: "Host", f_transport: "Transport", f_proxy: "Proxy", f_allow: "Its calls come from", f_certificate: "Or with this certificate", f_trusted: "Believe its caller numbers", f_register: "Register there", f_registrars: "Registrars", f_user: "User", f_auth_user: "User for the password", f_password: "Password", f_domain: "Domain", f_register_seconds: "Registration lasts (s)", f_from: "From shows", f_identity: "Number asserted as", f_caller_id: "Our number", f_region: "Country of its numbers", f_send: "Numbers are sent as", f_dial: "Rewrite", f_codecs: "Codecs in order", f_dtmf: "Keys", f_srtp: "SRTP", f_max_calls: "Calls at once", f_calls_per_second: "Calls a second", f_options_seconds: "Watch every (s)", f_outbound: "May be called", f_deny: "May not be called", f_max_per_hour: "Most an hour", f_max_per_day: "Most a day",
  h_secretKept: "kept; empty leaves it as it is", h_password: "or env:NAME from the environment", h_allow: "192.0.2.10 198.51.100.0/24", h_outbound: "+4930 DE", h_codecs: "G722 PCMA PCMU", unset: "(preset or usual)",
  up: "up", down: "down", unknownState: "unknown", disabledState: "disabled", since: "since {at}", callsNow: "Calls now", inOutFailed: "In / out / failed", lastCalls: "Last calls", incoming: "incoming", outgoingWord: "outgoing", why: "How it ended", fromTo: "Far end",
  csvFile: "CSV file or text", dryRun: "Try it", apply: "Import all rows", prune: "remove what the file does not have", rowsFaults: "{n} rows, {faults} with faults", applied: "All rows are imported.", dryTold: "Nothing was changed yet.", line: "Line", fault: "Fault", doing: "Does",
  a_add: "add", a_change: "change", a_keep: "stays", a_remove: "remove", a_fault: "fault",
  callThis: "Call a telephone", callThisHelp: "Attendant calls this number over a trunk and talks with whoever answers, by the rule chosen.", toNumber: "Call", asNumber: "As if they had called", placeCall: "Call now", callFromPage: "Or call the number from this page", s_dialling: "dialling", s_talking: "talking", s_ended: "ended", s_failed: "failed", show: "Show",
  addArticle: "Add an article", addFlow: "Add a flow", unanswered: "Questions that no article answered", times: "{n} times", answerIt: "Write an article", preview: "What callers hear", callIt: "Call it", f_id: "Name of the file", h_id: "letters, digits, _ and -", h_examples: "one a line, three or more", h_review: "2027-06-30", noFaults: "No faults.", takeVersion: "Take this version into the editor",
  talkHelp: "With your changes, saved or not. Nothing happens to real orders; # and digits is keyed.", talkOver: "The attendant has ended the conversation.", yourLine: "Say", sendLine: "Send", again: "From the beginning",
  loadingMore: "Loading…", total: "{n} shown",
};
export type Key = keyof typeof en;

export const zh: { [K in Key]: string } = {
  numbers: "号码", trunks: "中继", testCall: "测试呼叫", addNumber: "添加号码", addTrunk: "添加中继", importCSV: "导入", exportCSV: "导出", edit: "编辑", save: "保存", saving: "正在保存…",
  history: "历史", versionBy: "版本 {n}，{who}，{at}", removedBy: "已删除", changedMeanwhile: "您打开之后，已有人修改了此项。", reload: "载入当前内容", notFoundHere: "没有此项。",
  greetingOnly: "问候语", always: "始终", ruleFor: "来电如何处理", hoursTitle: "营业时间", fallbackTitle: "营业时间之外", anyNumber: "其他所有号码",
  f_number: "号码", f_name: "名称", f_flow: "起始流程", f_language: "语言", f_queue: "队列", f_human: "人工", f_zone: "时区", f_weekly: "开放时间", f_holidays: "休息日", f_message: "留言提示", f_fallbackFlow: "然后进入流程", f_fallbackHuman: "或转人工",
  h_number: "按习惯书写：030 1234567 或 +49 30 1234567；* 表示其他所有号码", h_weekly: "mon-fri 09:00-17:00; sat 10:00-14:00", h_holidays: "12-25 2026-12-24..2027-01-01", h_list: "以空格分隔",
  connection: "连接", registration: "注册", security: "安全", media: "音频", callerTitle: "主叫", outboundTitle: "呼出", caps: "限制",
  f_preset: "预设", f_about: "说明", f_disabled: "停用", f_priority: "优先级", f_host: "主机", f_transport: "传输", f_proxy: "代理", f_allow: "来电地址", f_certificate: "或持有此证书", f_trusted: "信任其主叫号码", f_register: "在该处注册", f_registrars: "注册服务器", f_user: "用户", f_auth_user: "认证用户", f_password: "密码", f_domain: "域", f_register_seconds: "注册有效期（秒）", f_from: "From 显示", f_identity: "号码声明方式", f_caller_id: "本方号码", f_region: "号码所属国家", f_send: "号码发送格式", f_dial: "改写", f_codecs: "编码（按顺序）", f_dtmf: "按键", f_srtp: "SRTP", f_max_calls: "同时通话数", f_calls_per_second: "每秒呼叫数", f_options_seconds: "探测间隔（秒）", f_outbound: "允许呼叫", f_deny: "禁止呼叫", f_max_per_hour: "每小时上限", f_max_per_day: "每日上限",
  h_secretKept: "已保存；留空则不变", h_password: "或用 env:NAME 取自环境变量", h_allow: "192.0.2.10 198.51.100.0/24", h_outbound: "+4930 DE", h_codecs: "G722 PCMA PCMU", unset: "（预设或默认）",
  up: "正常", down: "中断", unknownState: "未知", disabledState: "已停用", since: "自 {at}", callsNow: "当前通话", inOutFailed: "呼入 / 呼出 / 失败", lastCalls: "最近通话", incoming: "呼入", outgoingWord: "呼出", why: "结束方式", fromTo: "对方",
  csvFile: "CSV 文件或文本", dryRun: "试运行", apply: "导入全部行", prune: "删除文件中没有的项", rowsFaults: "{n} 行，{faults} 行有错误", applied: "所有行已导入。", dryTold: "尚未更改任何内容。", line: "行", fault: "错误", doing: "操作",
  a_add: "添加", a_change: "修改", a_keep: "不变", a_remove: "删除", a_fault: "错误",
  callThis: "呼叫电话", callThisHelp: "系统通过中继呼叫此号码，并按所选规则与接听者对话。", toNumber: "呼叫", asNumber: "视同对方拨打了", placeCall: "立即呼叫", callFromPage: "或从本页呼叫该号码", s_dialling: "正在拨号", s_talking: "通话中", s_ended: "已结束", s_failed: "未接通", show: "查看",
  addArticle: "添加文章", addFlow: "添加流程", unanswered: "没有文章能回答的问题", times: "{n} 次", answerIt: "撰写文章", preview: "来电者听到的内容", callIt: "打电话试试", f_id: "文件名", h_id: "字母、数字、_ 和 -", h_examples: "每行一个，至少三个", h_review: "2027-06-30", noFaults: "没有错误。", takeVersion: "将此版本放入编辑器",
  talkHelp: "使用您的修改，无论是否已保存。不会影响真实订单；# 加数字表示按键。", talkOver: "客服助理已结束对话。", yourLine: "说", sendLine: "发送", again: "重新开始",
  loadingMore: "正在加载…", total: "已显示 {n} 项",
};
