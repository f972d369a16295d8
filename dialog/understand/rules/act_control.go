package rules

import (
	"slices"
	"strings"
)

// people are words for who works there.
var people = set("human humans person people agent agents representative representatives rep reps operator operators someone somebody anyone anybody advisor advisors adviser colleague colleagues staff employee employees supervisor " +
	"manager boss superior receptionist specialist technician engineer assistant associate team department individual receptionists clerk salesperson")

// machines are what a caller may not want to speak with.
var machines = []string{"machine", "robot", "bot", "computer", "recording", "computer voice", "automated system", "ai", "chatbot", "automaton"}

// wantsHuman finds the wish to speak with a person: a contact and a person, or
// a person and nothing else.
func (t turn) wantsHuman() bool {
	if has(t.joined, "transfer me", "connect me", "put me through", "put me on to", "forward me", "hand me over", "hand me off", "pass me on", "patch me through", "call me back", "callback", "ring me back", "escalate this", "escalate my", "escalate it",
		"a word with", "member of staff", "staff member", "someone in charge", "somebody in charge", "real person", "live person", "live agent", "live human", "human help", "human assistance", "human support", "in touch with somebody", "in touch with someone", "human being", "actual person", "actual human", "real human", "customer service", "customer support", "customer care", "customer services") {
		return !t.asksAbout() && !has(t.joined, "no transfer", "dont transfer me", "do not transfer me", "dont connect me", "dont call me back")
	}
	for _, m := range machines {
		if has(t.joined, m, m+"s") && has(t.joined, "dont want", "do not want", "not", "instead", "sick of", "tired of", "hate", "stop", "cant", "wont", "enough of", "enough", "no more") && has(t.joined, "talk", "talking", "speak", "speaking", "deal", "a "+m, "this "+m, "of "+m+"s", "your "+m) {
			return true
		}
	}
	if !slices.ContainsFunc(t.words, func(w string) bool { return people[w] }) || t.withoutPerson() {
		return false
	}
	words := bare(t.words)
	if len(words) <= 3 && !startsWith(words, questionWords...) && !startsWith(words, "no", "not", "my", "for", "from") && people[words[len(words)-1]] && !has(t.joined, "someone", "somebody", "anyone", "anybody", "people", "team", "department") {
		return true
	}
	return t.contacts()
}

// contacts finds a verb of contact whose object is a person.
func (t turn) contacts() bool {
	for i, w := range t.words {
		if !people[w] {
			continue
		}
		before := " " + strings.Join(t.words[max(0, i-7):i], " ") + " "
		after := " " + strings.Join(t.words[i+1:min(len(t.words), i+7)], " ") + " "
		indefinite := w == "someone" || w == "somebody" || w == "anyone" || w == "anybody" || w == "person" || w == "people"
		switch {
		case has(before, "talk", "speak", "chat", "talking", "speaking", "reach", "transfer", "connect", "forward", "escalate", "put", "through to", "hand", "refer", "switch", "contact"):
			return true
		case has(after, "i can speak", "i can talk", "i could speak", "i could talk", "to talk to", "to speak to", "to talk with", "to speak with", "can i speak", "can i talk", "call me", "phone me", "ring me"):
			return true
		case has(before, "get me", "give me", "get", "bring me", "find me", "i want", "want", "need", "prefer", "i demand", "id like a", "id like an", "i would like a", "id like the", "id like your") && has(before+after, "someone who", "somebody who", "person who", "human", "a", "an", "your", "the", "real", "live", "who") && !t.asksAbout():
			if !indefinite || has(before, "get me", "give me", "i want a", "want a", "need a", "need a real", "want a real") || strings.HasSuffix(before, " give me ") {
				return len(t.words)-i <= 7
			}
		}
	}
	return false
}

// asksAbout reports whether a turn asks for a fact: about customer service, not
// for it.
func (t turn) asksAbout() bool {
	words := bare(t.words)
	return startsWith(words, "what", "whats", "when", "where", "wheres", "why", "which", "who", "whos", "how", "does", "are", "do") && !has(t.joined, "how do i speak", "how do i talk", "how can i speak", "how can i talk", "how do i get", "how do i reach", "how can i reach", "are there any", "why cant i")
}

// withoutPerson finds "not a human", "no agent".
func (t turn) withoutPerson() bool {
	for p := range people {
		if has(t.joined, p) && negated(t.joined, p) {
			return true
		}
	}
	return false
}

// again are ways to ask for the same once more.
var again = []string{
	"say that again", "say it again", "say again", "say this again", "tell me again", "once more", "one more time", "pardon", "what did you say", "what did you just say", "what was that", "what is that again", "what was it again",
	"come again", "didnt catch", "did not catch", "couldnt catch", "didnt hear", "did not hear", "couldnt hear", "could not hear", "cant hear", "cannot hear", "didnt get that", "did not get that", "dont get that", "missed that", "missed it", "i missed what", "missed the last",
	"run that by me", "run it by me", "didnt understand", "did not understand", "dont understand you", "say what", "go over that", "go through that", "go over it", "again please", "hear that again", "hear it again", "what were you saying", "what were you asking", "what are you saying",
	"the last bit", "the last part", "breaking up", "cutting out", "cut out", "wasnt listening", "was not listening", "wasnt paying attention", "what was the question", "whats the question", "back up", "rewind", "what you said", "what you just said", "you said what",
	"say that one more", "say that once", "speak up", "louder", "repeat yourself", "repeating yourself", "repeat again", "please repeat", "you what",
}

// wantsAgain finds the wish to hear it again.
func (t turn) wantsAgain() bool {
	if t.saysAgain() || t.heardBadly() {
		return true
	}
	if has(t.joined, again...) && !has(t.joined, "cant hear anything on", "next time") && len(t.words) <= 16 {
		return true
	}
	for i, w := range t.words {
		if w != "repeat" && w != "repeating" {
			continue
		}
		rest := bare(t.words[i+1:])
		if len(rest) == 0 || slices.Contains([]string{"that", "it", "the", "this", "what", "everything", "for", "your", "all"}, rest[0]) && !has(t.joined, "repeat the order", "repeat the prescription", "repeat my") && len(rest) <= 8 {
			return true
		}
	}
	switch strings.TrimSpace(t.joined) {
	case "what", "sorry", "excuse me", "huh", "eh", "sorry what", "what sorry", "im sorry", "im sorry what", "what now", "hm", "hmm", "oh what", "what what", "excuse me what", "again", "come on what":
		return true
	}
	return false
}

// saysAgain finds "say the number again", "what was the number" after it was
// said, "nine four what".
func (t turn) saysAgain() bool {
	n := len(t.words)
	if n <= 12 && (has(t.joined, "once again") || t.words[n-1] == "again" || has(t.joined, "again please")) && has(t.joined, "say", "tell", "read", "give", "spell", "explain", "hear") {
		return true
	}
	told := t.asked.known && !t.asked.yesno && !t.asked.open
	if n >= 2 && n <= 4 && (t.asked.known && !t.asked.yesno && t.words[n-1] == "what" || told && slices.Contains([]string{"when", "where", "who", "which", "how"}, t.words[n-1])) {
		return true
	}
	words := bare(t.words)
	if has(t.joined, "what was it you said", "what did you say", "what have you said", "you just said", "what you were saying") {
		return true
	}
	if told && n <= 6 && has(t.joined, "what time", "what date", "what day", "what number", "what name", "which one", "which day") && has(t.joined, "was that", "was it", "did you say") {
		return true
	}
	if len(words) < 3 || len(words) > 6 || words[0] != "what" || words[1] != "was" || !t.asked.known {
		return false
	}
	return strings.Contains(t.asked.text, " "+words[len(words)-1]+" ")
}

// heardBadly finds that a turn says it was not heard or followed: a denial and,
// at most two words on, a verb of hearing.
func (t turn) heardBadly() bool {
	for i, w := range t.words {
		if !denials[w] || len(t.words) > 14 {
			continue
		}
		for k := i + 1; k < min(i+4, len(t.words)); k++ {
			switch t.words[k] {
			case "hear", "catch", "heard", "caught":
				return !startsWith(t.words[k+1:], "from", "back", "anything", "about", "of")
			case "get", "follow", "understand":
				if k+1 == len(t.words) || slices.Contains([]string{"that", "you", "what"}, t.words[k+1]) && len(t.words) <= k+4 {
					return t.words[k] != "get" || k+1 < len(t.words) && t.words[k+1] != "you"
				}
			}
		}
	}
	return false
}

// doubts are ways not to know; a whole turn may be one of maybes.
var (
	doubts = []string{
		"dont know", "do not know", "not sure", "no idea", "no clue", "unsure", "cant remember", "cannot remember", "can not remember", "dont remember", "do not remember", "couldnt remember", "dont recall", "cant recall", "do not recall", "i forgot", "i forget", "ive forgotten", "i have forgotten",
		"dunno", "hard to say", "hard to tell", "difficult to say", "beats me", "not certain", "uncertain", "dont have a clue", "a clue", "who knows", "couldnt tell you", "could not tell you", "couldnt say", "could not say", "cant say", "cant tell", "cannot tell", "idk", "havent decided", "have not decided", "not decided",
		"undecided", "in two minds", "on the fence", "wouldnt know", "would not know", "no way of knowing", "as good as mine", "slipped my mind", "escapes me", "on the tip of my tongue", "never know", "heaven knows", "god knows", "goodness knows", "have to check", "would have to look", "need to look it up",
		"dont have it on me", "dont have it here", "dont have it with me", "dont have it handy", "dont have that on me", "dont have that here", "dont have that handy", "dont have it in front", "not to hand", "cant find it", "cannot find it",
	}
	maybes = set("maybe perhaps possibly might could be it i guess not too really im am sort of kind either way depends may who can say so think that may")
	doubt  = set("maybe perhaps possibly might could depends may")
)

// knowsNot finds that the caller cannot answer.
func (t turn) knowsNot() bool {
	if t.asked.open && has(t.joined, "where would i find", "where do i find", "where can i find", "where could i find", "where is that written", "where would that be", "where do i see that") {
		return true
	}
	if t.asked.yesno && startsWith(t.words[len(t.words)-1:], "no", "nope") {
		return false
	}
	if t.asked.open && len(t.words) <= 8 && has(t.joined, "dont have that", "dont have it", "dont have one", "do not have that", "do not have it", "dont have the", "dont have a", "havent got that", "havent got it", "havent got one", "dont have any", "never got one") {
		return true
	}
	if said := t.without("entirely", "really", "quite", "so", "too", "completely", "totally", "very", "exactly", "hundred", "percent", "a", "one"); has(t.joined, doubts...) || has(said, "not sure", "not certain", "dont know", "no idea", "no clue", "have to look", "have to check", "need to check", "need to look", "may have been", "might have been", "may be") && len(t.words) <= 10 {
		return !t.opinion() && !has(t.joined, "dont know about you", "not sure if you")
	}
	if len(t.words) > 6 {
		return false
	}
	maybe := false
	for _, w := range bare(t.words) {
		if !maybes[w] && w != "well" {
			return false
		}
		maybe = maybe || doubt[w]
	}
	return maybe
}

// opinion finds doubts that are no answer: "i do not know why you charge me".
func (t turn) opinion() bool {
	if has(t.joined, "know why", "know how to", "sure how to", "sure what to do about", "sure why my", "idea why", "sure why", "idea how to", "know when my", "know where my", "know whether my", "know if my", "clue why", "clue how", "forgot my", "i forgot to", "forget to", "forgotten my", "cant remember my password", "dont remember my password") {
		return !t.asked.open || len(t.words) > 6
	}
	return startsWith(bare(t.words), "do", "does", "can", "did") // "do you know how much it costs"
}

// farewells end a call; done may, where nothing else follows.
var (
	farewells = []string{
		"goodbye", "good bye", "bye", "bye bye", "hang up", "hanging up", "have a nice", "have a good", "have a great", "have a lovely", "have a wonderful", "nothing else", "nothing more", "nothing further", "no more questions", "no further questions", "no other questions",
		"see you", "see ya", "cya", "talk to you later", "talk to you soon", "speak to you soon", "catch you later", "until next time", "till next time", "farewell", "take care", "end the call", "end this call", "finish the call", "good night", "so long", "ciao", "cheerio", "dont need anything else", "dont need anything more", "is all i need", "was all i need", "all i needed", "all i wanted", "everything i need", "everything i needed", "everything i wanted",
		"nice talking to you", "good talking to you", "great talking to you", "nice speaking", "good speaking", "great speaking", "nice chatting", "good chatting", "great chatting", "lovely talking", "lovely chatting", "pleasure talking", "pleasure speaking", "nice to talk to you", "good to talk to you", "im done talking", "done talking", "i have to go", "ive got to go", "i got to go", "gotta go", "i must go", "i need to go now", "have to run", "got to run", "im off", "ill be off", "ill be going", "ill let you go", "well be in touch", "no other question", "nope nothing",
	}
	done = []string{
		"thats all", "that is all", "thats it", "that is it", "that was all", "that was it", "that will be all", "thatll be all", "that will be everything", "thatll be everything", "that would be everything", "that would be all", "that would be it", "thatd be it", "thatd be all", "that will be it", "thatll be it", "thats everything", "that is everything", "that was everything", "thatll do", "that will do", "im done", "i am done", "were done", "we are done", "all done",
		"all set", "im finished", "were finished", "nothing", "thats about it", "thats about all", "everything is fine", "thats the lot", "all good", "im good", "im fine", "im okay", "im ok", "were good", "were all good", "i am good",
	}
	// closes are words that may follow what ends a call.
	closes = set("i for thanks thank bye goodbye today now please have you we with good needed my here really so cheers then right at actually ta folks much appreciated and no")
)

// ends finds that the caller is done with the call.
func (t turn) ends() bool {
	if startsWith(t.words, "translate", "play", "set", "define", "spell", "sing") {
		return false
	}
	if t.requests() && !has(t.joined, "all i need", "all i needed", "all i wanted", "goodbye", "bye", "was all", "need anything else") {
		return false
	}
	if len(t.words) <= 14 && has(t.joined, farewells...) && !has(t.joined, "end the call centre", "have a nice room") {
		return true
	}
	if t.asked.known && !t.asked.more && (t.asked.yesno || t.asked.open) || len(t.words) > 10 {
		return false // "that's it" confirms what was read back
	}
	for _, p := range done {
		i := strings.Index(t.joined, " "+p+" ")
		if i < 0 || !t.asked.more && slices.Contains([]string{"nothing", "all good", "im good", "im fine", "im okay", "im ok", "were good", "i am good", "thatll do", "that will do"}, p) {
			continue
		}
		if after := strings.Fields(t.joined[i+len(p)+1:]); len(after) == 0 || closes[after[0]] {
			return true
		}
	}
	return false
}
