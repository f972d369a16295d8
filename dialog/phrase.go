package dialog

import (
	"strings"
)

// phrases are what is said around a hand-over, by language. {x} is filled in.
var phrases = map[string]map[string]string{
	"en": {
		"wait":            "All my colleagues are speaking. Please stay on the line.",
		"position":        "You are number {n} in line.",
		"next":            "You are the next in line.",
		"less":            "The wait is less than {n} minutes.",
		"less1":           "The wait is less than one minute.",
		"offers":          "Press 1 for a callback, 2 to leave a message, or 3 to go on with me. You can also ask me something.",
		"closed":          "My colleagues are not there at this hour.",
		"full":            "Too many callers are waiting already.",
		"overflow":        "I am sorry, nobody is free for you yet.",
		"lost":            "I am sorry, the line to my colleague broke. I am finding somebody for you, you are the next in line.",
		"declined":        "Somebody else will take your call. One moment please.",
		"here":            "I am connecting you now.",
		"introduce":       "I have {agent} on the line for you. I have told my colleague what this is about.",
		"callback":        "We call you back at {number} when it is your turn. You keep your place in line. Is that right?",
		"callback_yes":    "We will call you back. Goodbye.",
		"callback_no":     "All right, please stay on the line.",
		"no_callback":     "I cannot call this number back by myself.",
		"voicemail":       "Please leave your message after the tone. Press the pound key when you are done.",
		"voicemail_done":  "Thank you. Your message is with my colleagues. Goodbye.",
		"not_known":       "I do not know that. Your colleague on the line will.",
		"again":           "You are still in line.",
		"place":           "Welcome back. We were cut off while you were waiting for a colleague. Would you like your place in line back?",
		"called":          "Hello, this is {company}. You asked us to call you back. I am connecting you with my colleague.",
		"back":            "You are back with me.",
		"moment":          "One moment please.",
		"no_colleague":    "My colleague could not be reached.",
		"brief":           "Call for you.",
		"brief_verified":  "{name}, verified.",
		"brief_named":     "{name}, not verified.",
		"brief_unknown":   "Caller not verified.",
		"brief_wants":     "Wants: {what}.",
		"brief_tried":     "Tried: {what}.",
		"brief_mood":      "Mood: {what}.",
		"brief_choose":    "Press 1 to accept, 2 to decline, 3 to repeat, 4 to ask.",
		"brief_ask":       "You can ask for the name, the number, the details, what was said, or what was promised.",
		"brief_nothing":   "Nothing is known of that.",
		"brief_gone":      "The caller has hung up.",
		"brief_taken":     "A colleague has taken the call.",
		"supervised":      "A supervisor is listening.",
		"listening":       "You are listening. 1 listen, 2 whisper, 3 speak, 4 take over, 5 hand back, 6 end the call.",
		"state_available": "You are available.",
		"state_away":      "You are away.",
		"state_offline":   "You are offline.",
		"not_allowed":     "You may not do that.",
		"no_agent":        "There is no such agent.",
		"no_call":         "There is no such call.",
		"not_now":         "That is not possible now.",
		"consent":         "This call may be recorded.",
		"consent_ask":     "May we record this call? Please say yes or no, or press 1 for yes and 2 for no.",
		"consent_no":      "All right, this call is not recorded.",
		"none":            "nothing",
	},
	"zh": {
		"wait":           "同事都在通话中，请不要挂机。",
		"position":       "您前面还有人，您是第{n}位。",
		"next":           "您是下一位。",
		"less":           "等待时间不到{n}分钟。",
		"less1":          "等待时间不到一分钟。",
		"offers":         "需要回电请按1，留言请按2，回到自助服务请按3。您也可以继续向我提问。",
		"closed":         "现在是非工作时间，同事不在。",
		"full":           "等待的人太多了。",
		"overflow":       "很抱歉，暂时没有同事有空。",
		"lost":           "很抱歉，和同事的线路断了。我马上为您另找同事，您是下一位。",
		"declined":       "将由另一位同事接听，请稍等。",
		"here":           "现在为您接通。",
		"introduce":      "{agent}已经在线，我已说明您的情况。",
		"callback":       "轮到您时我们会拨打{number}，您的位置会保留。对吗？",
		"callback_yes":   "我们会给您回电，再见。",
		"callback_no":    "好的，请不要挂机。",
		"no_callback":    "我无法自动回拨这个号码。",
		"voicemail":      "请在提示音后留言，说完请按井号键。",
		"voicemail_done": "谢谢，您的留言已转给同事，再见。",
		"not_known":      "这个我不清楚，同事会为您解答。",
		"again":          "您仍在排队。",
		"place":          "欢迎回来。刚才您在排队时断线了。要恢复您的位置吗？",
		"called":         "您好，这里是{company}。您要求我们回电，现在为您接通同事。",
		"back":           "您又回到我这里了。",
		"moment":         "请稍等。",
		"no_colleague":   "没有联系到我的同事。",
		"consent":        "本次通话可能会被录音。",
		"consent_ask":    "可以对本次通话录音吗？请说可以或不可以，或按1同意，按2不同意。",
		"consent_no":     "好的，本次通话不录音。",
	},
}

// phrase is a text in the language, else in English, with pairs of name and
// value filled in.
func phrase(language, name string, pairs ...string) string {
	spoken, _, _ := strings.Cut(language, "-")
	text, ok := phrases[spoken][name]
	if !ok {
		text = phrases["en"][name]
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}
