package entity

var english = language{
	code:       "en",
	monthFirst: true,
	numerals: numerals(`zero nought naught nil;one;two;three;four;five;six;seven;eight;nine;ten;eleven;twelve;thirteen;
		fourteen;fifteen;sixteen;seventeen;eighteen;nineteen`,
		`twenty;thirty;forty fourty;fifty;sixty;seventy;eighty;ninety`,
		map[string]int64{
			"hundred": 100, "thousand": 1e3, "million": 1e6, "millions": 1e6, "billion": 1e9, "trillion": 1e12,
			"lakh": 1e5, "crore": 1e7, "mil": 1e6, "bn": 1e9,
		}),
	ordinals: numerals(`zeroth;first;second;third;fourth;fifth;sixth;seventh;eighth;ninth;tenth;eleventh;twelfth;
		thirteenth;fourteenth;fifteenth;sixteenth;seventeenth;eighteenth;nineteenth`,
		`twentieth;thirtieth;fortieth;fiftieth;sixtieth;seventieth;eightieth;ninetieth`,
		map[string]int64{"hundredth": 100, "thousandth": 1e3, "millionth": 1e6, "billionth": 1e9}),
	ands:   []string{"and", "n"},
	points: []string{"point", "dot"},
	minus:  []string{"minus", "negative"},
	digits: map[string]string{
		"oh": "0", "o": "0", "nought": "0", "naught": "0", "nil": "0", "zip": "0", "null": "0",
		"won": "1", "to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8", "niner": "9", "fife": "5", "tree": "3", "ought": "0",
	},
	repeats: map[string]int{"double": 2, "dubble": 2, "triple": 3, "treble": 3, "tripple": 3, "quadruple": 4, "quad": 4},
	months: table(1, `january jan;february feb;march mar;april apr;may;june jun;july jul;august aug;september sep sept;
		october oct;november nov;december dec`),
	weekdays: table(0, `sunday sundays sun;monday mondays mon;tuesday tuesdays tue tues;wednesday wednesdays wed weds;
		thursday thursdays thu thur thurs;friday fridays fri;saturday saturdays sat`),
	currencies: currencies(`USD:dollar dollars buck bucks usd;GBP:pound pounds quid gbp sterling;EUR:euro euros eur;
		JPY:yen jpy;INR:rupee rupees inr;CNY:yuan renminbi rmb cny;CHF:franc francs chf;CAD:cad;AUD:aud;MXN:peso pesos mxn;
		BRL:real reais brl;RUB:ruble rubles rub;KRW:won krw;SEK:krona kronor sek;DKK:kroner krone dkk;PLN:zloty pln;
		BTC:bitcoin bitcoins btc;ZAR:rand zar;ILS:shekel shekels`, `cent cents:;c:;penny pennies pence p:GBP`),
	spans: spans(`1:second seconds sec secs s;60:minute minutes min mins;3600:hour hours hr hrs h;
		86400:day days d;604800:week weeks wk wks;1209600:fortnight fortnights;2592000:month months;
		7776000:quarter quarters;31536000:year years yr yrs;315360000:decade decades;3153600000:century centuries`),
	yesNo: englishYesNo,
}
