package entity

import "strings"

// polarity is what a phrase says to a question.
type polarity int8

const (
	unsure polarity = iota
	yes
	no
	negator  // turns what follows it around: "not", "isn't"
	weakYes  // agrees where nothing stronger is said: "good", "i do"
	weakNo   // refuses where nothing stronger is said: "i can't"
	takeBack // what stood before does not count: "i mean"
)

type phrase struct {
	words []string
	says  polarity
}

// phrases makes a table, the longest phrases first.
func phrases(groups map[polarity]string) []phrase {
	var list []phrase
	for says, group := range groups {
		for _, s := range strings.Split(group, ";") {
			if w := strings.Fields(s); len(w) > 0 {
				list = append(list, phrase{w, says})
			}
		}
	}
	for i := 1; i < len(list); i++ {
		for k := i; k > 0 && longerPhrase(list[k], list[k-1]); k-- {
			list[k], list[k-1] = list[k-1], list[k]
		}
	}
	return list
}

func longerPhrase(a, b phrase) bool {
	if len(a.words) != len(b.words) {
		return len(a.words) > len(b.words)
	}
	return strings.Join(a.words, " ") < strings.Join(b.words, " ")
}

var englishYesNo = phrases(map[polarity]string{
	yes: `yes;yeah;yep;yup;ya;yah;yea;yess;yes please;aye;sure;sure thing;for sure;ok;okay;okey dokey;k;alright;all right;correct;right;
		that's right;that is right;you're right;you got it;you bet;affirmative;absolutely;definitely;certainly;of course;naturally;
		indeed;exactly;precisely;totally;go ahead;please do;do it;let's do it;let's do that;why not;sounds good;sounds great;
		sounds fine;sounds right;no problem;no problem at all;no problemo;no worries;not a problem;no doubt;no doubt about it;
		without a doubt;no question;no objection;no objections;that works;that works for me;works for me;by all means;with pleasure;
		i think so;i believe so;i guess so;i suppose so;i suppose;i guess;i'd say so;probably;most likely;mm hmm;mhm;mm;
		uh huh;uhuh;mmhmm;hell yes;heck yes;you know it;true;that's true;that's correct;that is correct;that's it;that's me;
		that's the one;i don't mind;i do not mind;don't mind if i do;wouldn't mind;i wouldn't mind;i wouldn't say no;can't say no;
		can't complain;nothing against it;no that's right;no that's correct;no that is correct;no you're right;no yeah;no yes;
		i'd love to;i would love to;i'd like that;i would like that;i'd be happy to;gladly;please;yes sir;yes ma'am;it is;
		fine by me;fine with me;that'll do;go for it;could be yes;roger;agreed;i agree;confirmed;i confirm;confirm;it sure is;
		it certainly is;not wrong;it isn't wrong;definitely yes;might as well;i'm in;count me in;oh yes;yessir;si;oui;ja;da;
		you can say that again;tell me about it;that's fine;that is fine;that'd be great;that would be great;not bad;
		couldn't agree more;i couldn't agree more;cool;yeah no problem;yeah no worries;damn right;too right;positive;
		can't hurt;it can't hurt;couldn't hurt;no harm in that;nothing wrong with that;no complaints;no reason not to`,
	weakYes: `fine;good;great;perfect;wonderful;excellent;i do;i am;i have;i did;i would;i will;i can;it does;they are;we do;we are;
		he is;she is;i want that;i think;awesome;lovely;ready;we have;
		it was;it has;there is;i was;happy to;works;it works;it worked;we did;they do;he does;she does;you are`,
	no: `no;nope;nah;naw;nay;negative;never;no way;no thanks;no thank you;not really;not exactly;not quite;not at all;
		of course not;absolutely not;definitely not;certainly not;probably not;surely not;hell no;heck no;god no;
		i don't think so;i do not think so;i don't believe so;i doubt it;i doubt that;i don't think it is;i don't want to;i don't want that;
		i'd rather not;i would rather not;i'd prefer not to;i would prefer not to;rather not;i'm afraid not;afraid not;i guess not;i suppose not;i think not;
		i hope not;not now;not yet;not today;not right now;not this time;not for me;not that i know of;not that i'm aware of;
		incorrect;wrong;false;that's wrong;that is wrong;that's not right;that is not right;that's not correct;that is not correct;
		that's incorrect;uh uh;nuh uh;nu uh;mm mm;under no circumstances;not in the slightest;no chance;not a chance;
		forget it;forget about it;don't bother;don't do it;don't do that;do not;don't;please don't;stop;no can do;no i don't;nothing else;that's all;
		nothing;that will be all;yeah no;yes no;no no;no no no;hardly;not necessarily;i'll pass;pass;i pass;i don't;i do not;i didn't;
		i haven't;i am not;i'm not;it isn't;it's not;it is not;it doesn't;i wouldn't;i won't;i will not;i decline;why would i;
		why should i;couldn't be further from the truth;i'm good;i'm good thanks;i'm fine;i'm fine thanks;i'm all set;i'm okay;i'm ok;
		neither;none;none of them;no longer;not anymore;not any more;in your dreams;by no means;count me out;out of the question;over my dead body;
		unfortunately not;sadly not;regrettably no;disagree;i disagree;non;nein;nyet;we don't;we haven't;they don't;he doesn't;she doesn't;i never did;
		not in a million years;not if i can help it;i beg to differ;i refuse;no need;there's no need`,
	weakNo: `i can't;i cannot;i couldn't;we can't;cancel;cancel that`,
	negator: `not;isn't;wasn't;aren't;don't think;do not think;don't believe;doesn't;didn't;ain't;isnt;dont think;wouldn't call;
		don't agree;don't think that;don't think that's;don't think it's;not sure that's;hardly;i never;wouldn't say;not so;not very;
		do not agree;can't say;doesn't look;doesn't sound;that's not;that isn't;not entirely;not completely;not totally`,
	unsure: `i don't know;i do not know;dunno;don't know;i dunno;not sure;i'm not sure;i am not sure;not too sure;not so sure;not certain;i'm not certain;maybe;
		perhaps;possibly;it depends;that depends;depends;no idea;i have no idea;i've no idea;not a clue;no clue;i haven't a clue;yes and no;yes or no;
		yes or no question;maybe yes maybe no;hard to say;can't say for sure;could be;might be;who knows;what;what do you mean;
		pardon;sorry what;excuse me;say that again;can you repeat that;let me think;i need to think;i'll think about it;i'm thinking;hold on;
		one moment;just a moment;wait a minute;give me a second;sort of;kind of;what was the question;i can't remember;i don't remember;
		i can't tell;i don't understand;i do not understand;not sure about that;i'm unsure;unsure;undecided;either;either way;whatever;whichever;
		i don't care;i'm not sure if that's right;not sure yes or no;in two minds;couldn't say;i couldn't say;no preference;right now;
		right away;all right then what;what's right;your guess is as good as mine;good question;good morning;good afternoon;good evening;
		okay so;ok so;ok what;i want to know;i would like to know;i'd like to know;no matter;right hand;please hold;please wait;please repeat;
		please repeat that;please say that again;can i have;no one;no more;is it right;is that right;is that correct;are you sure;i'm not quite sure;
		i'm not really sure;not really sure;not entirely sure;not completely sure;not a hundred percent sure;not one hundred percent sure`,
	takeBack: `i mean;i meant;wait;no wait;actually;sorry;correction;scratch that;on second thought;on second thoughts;or rather;
		i take that back;let me rephrase;hang on;changed my mind;i changed my mind;oh wait`,
})

var germanYesNo = phrases(map[polarity]string{
	yes: `ja;jawohl;jo;jep;klar;na klar;sicher;natürlich;selbstverständlich;genau;richtig;stimmt;das stimmt;korrekt;gern;gerne;okay;ok;
		in ordnung;einverstanden;doch;ja bitte;auf jeden fall;unbedingt;kein problem;warum nicht;ich denke schon;ich glaube schon;
		ich glaube ja;passt;das passt;absolut;definitiv;bitte;alles klar;freilich;aber sicher;mach das;machen sie das`,
	weakYes: `gut;sehr gut;super;perfekt;prima`,
	no: `nein;nee;nö;ne;nein danke;niemals;nie;auf keinen fall;keinesfalls;keineswegs;falsch;das ist falsch;das stimmt nicht;stimmt nicht;
		natürlich nicht;sicher nicht;bestimmt nicht;eher nicht;lieber nicht;ich glaube nicht;ich denke nicht;nicht wirklich;überhaupt nicht;
		gar nicht;noch nicht;jetzt nicht;nicht jetzt;nicht richtig;ich will nicht;ich möchte nicht;leider nein;leider nicht;wohl kaum;besser nicht;nicht korrekt;das passt nicht`,
	negator:  `nicht;kein;keine`,
	unsure:   `ich weiß nicht;weiß nicht;keine ahnung;vielleicht;eventuell;kommt darauf an;nicht sicher;ich bin nicht sicher;ich bin mir nicht sicher;möglicherweise;jein;was;wie bitte`,
	takeBack: `ich meine;quatsch;moment;halt;entschuldigung`,
})

var frenchYesNo = phrases(map[polarity]string{
	yes: `oui;ouais;si;bien sûr;d'accord;exactement;exact;tout à fait;certainement;absolument;c'est ça;c'est exact;c'est correct;correct;
		volontiers;avec plaisir;ok;okay;pourquoi pas;pas de problème;aucun problème;sans problème;je crois que oui;je pense que oui;je crois;
		oui s'il vous plaît;allez y;parfait;ça marche;entendu;évidemment;c'est bon;vas y;je veux bien;sans doute`,
	weakYes: `bien;très bien;super`,
	no: `non;non merci;nan;pas du tout;jamais;bien sûr que non;certainement pas;absolument pas;pas vraiment;je ne crois pas;je ne pense pas;je crois pas;
		c'est faux;faux;incorrect;ce n'est pas correct;c'est pas ça;ce n'est pas ça;pas maintenant;pas encore;surtout pas;hors de question;je ne veux pas;
		pas question;pas aujourd'hui;je pense pas;je préfère pas;je ne préfère pas;je crois que non;je pense que non`,
	negator:  `pas;n'est pas`,
	unsure:   `je ne sais pas;je sais pas;peut être;ça dépend;pas sûr;je ne suis pas sûr;je ne suis pas sûre;je suis pas sûr;aucune idée;comment;pardon;oui et non`,
	takeBack: `je veux dire;enfin;attendez;pardon;plutôt`,
})

var spanishYesNo = phrases(map[polarity]string{
	yes: `sí;si;claro;claro que sí;por supuesto;desde luego;correcto;exacto;exactamente;eso es;así es;de acuerdo;vale;ok;okay;está bien;cómo no;
		por qué no;sin problema;no hay problema;ningún problema;creo que sí;supongo que sí;pienso que sí;seguro;sin duda;adelante;afirmativo;sí por favor;dale;venga;
		con gusto;con mucho gusto;efectivamente;es correcto;me parece bien;perfecto`,
	weakYes: `bien;muy bien;bueno`,
	no: `no;no gracias;nada de eso;nunca;jamás;claro que no;por supuesto que no;desde luego que no;en absoluto;para nada;no creo;creo que no;
		no realmente;no es correcto;incorrecto;falso;ni hablar;de ninguna manera;todavía no;ahora no;negativo;no quiero;mejor no;tampoco;supongo que no;qué va`,
	negator:  `no es;no está`,
	unsure:   `no sé;no lo sé;quizás;quizá;tal vez;a lo mejor;depende;no estoy seguro;no estoy segura;ni idea;no tengo ni idea;puede ser;cómo;qué;sí y no`,
	takeBack: `quiero decir;digo;perdón;espera;mejor dicho`,
})

var chineseYesNo = phrases(map[polarity]string{
	yes: `是;是 的;对;对 的;对 啊;嗯;好;好 的;好 啊;可 以;行;没 问 题;没 错;当 然;当 然 可 以;没 关 系;正 确;确 定;同 意;要;需 要;愿 意;有;想;
		不 错;为 什 么 不;肯 定;是 啊;没 事;应 该 是;我 想 是 的`,
	no: `不;不 是;不 对;不 行;不 可 以;不 要;不 用;不 好;不 需 要;没 有;不 想;错;错 了;不 同 意;不 愿 意;当 然 不;当 然 不 是;不 是 的;别;没;
		不 了;算 了;不 太 好;不 正 确;肯 定 不;我 不 这 么 认 为;不 用 了;不 必;绝 对 不;从 来 没 有`,
	unsure:   `不 知 道;我 不 知 道;不 确 定;不 清 楚;也 许;可 能;不 一 定;看 情 况;是 不 是;对 不 对;好 不 好;什 么;大 概;说 不 好;没 想 好`,
	takeBack: `我 的 意 思 是;等 一 下;我 是 说`,
})

// said is a phrase that was found.
type said struct {
	polarity
	from, to int
}

// findYesNo takes the first clear yes or no, unless it is taken back. A word
// that negates turns a yes after it; "i don't know" and the like are neither.
func findYesNo(p *parser) (Value, bool) {
	found := p.sayings()
	answer, conf := said{}, 0.0
	for k, s := range found {
		switch s.polarity {
		case takeBack:
			if p.takenBack(found[k+1:]) {
				answer, conf = said{}, 0
			}
			continue
		case unsure:
			if conf == 0 {
				answer, conf = s, 0.3
			}
			continue
		}
		strength := 0.95
		if s.polarity == weakYes || s.polarity == weakNo {
			strength = 0.6
		}
		if strength > conf+0.1 && (conf != 0.3 || k == 0 || p.toks[s.from].from > 0 && strength > 0.9) {
			answer, conf = s, strength
		}
	}
	if answer.polarity == unsure || answer.to == 0 {
		return Value{}, false
	}
	v := Value{Text: "yes", Confidence: conf, From: p.toks[answer.from].from, To: p.toks[answer.to-1].to}
	if answer.polarity == no || answer.polarity == weakNo {
		v.Text = "no"
	}
	return v, true
}

// takenBack tells whether a clear answer follows.
func (p *parser) takenBack(rest []said) bool {
	for _, s := range rest {
		if s.polarity == yes || s.polarity == no || s.polarity == unsure || s.polarity == weakYes {
			return true
		}
	}
	return false
}

// sayings finds all phrases, the longest at each word, with negations done.
func (p *parser) sayings() []said {
	var found []said
	toks := p.withoutMarks()
	q := *p
	q.toks = toks
	for i := 0; i < len(toks); {
		s, ok := q.saying(i)
		if !ok {
			i++
			continue
		}
		i = s.to
		if s.polarity == negator {
			s = q.negated(s)
			i = s.to
			if s.polarity == negator {
				continue
			}
		}
		found = append(found, s)
	}
	p.toks = toks
	return found
}

// withoutMarks drops punctuation, which no phrase has.
func (p *parser) withoutMarks() []token {
	toks := make([]token, 0, len(p.toks))
	for _, t := range p.toks {
		if t.kind != symbol {
			toks = append(toks, t)
		}
	}
	return toks
}

func (p *parser) saying(i int) (said, bool) {
	for _, f := range p.lang.yesNo {
		if f.words[0] == p.toks[i].low && p.hasWords(i, f.words) && (f.says != weakYes || len(f.words) < 2 || p.closes(i+len(f.words))) {
			return said{f.says, i, i + len(f.words)}, true
		}
	}
	return said{}, false
}

// closes tells whether a sentence may end before token i: "i would", but not
// "i would like".
func (p *parser) closes(i int) bool {
	return i >= len(p.toks) || p.is(i, "please", "thanks", "thank", "yes", "yeah", "indeed", "actually", "yep", "too", "and", "but")
}

// negated turns the phrase that follows a negator within three words.
func (p *parser) negated(s said) said {
	for i := s.to; i < min(s.to+3, len(p.toks)); i++ {
		next, ok := p.saying(i)
		if !ok {
			continue
		}
		switch next.polarity {
		case yes, weakYes:
			return said{no, s.from, next.to}
		case no:
			return said{yes, s.from, next.to}
		}
		break
	}
	if p.is(s.from, "not", "nicht", "pas") && len(p.toks) <= 3 {
		return said{weakNo, s.from, s.to}
	}
	return s
}
