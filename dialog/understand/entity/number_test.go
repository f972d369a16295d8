package entity

import "testing"

func TestNumbers(t *testing.T) {
	check(t, Number, "en", [][2]string{
		{"forty two", "42"},
		{"forty-two", "42"},
		{"zero", "0"},
		{"nineteen", "19"},
		{"a hundred", "100"},
		{"one hundred and twenty", "120"},
		{"twelve hundred", "1200"},
		{"two thousand and six", "2006"},
		{"one thousand two hundred thirty four", "1234"},
		{"a million", "1000000"},
		{"half a million", "500000"},
		{"two and a half million", "2500000"},
		{"three point one four", "3.14"},
		{"point five", "0.5"},
		{"zero point zero five", "0.05"},
		{"three point fourteen", "3.14"},
		{"minus five", "-5"},
		{"negative two point five", "-2.5"},
		{"a dozen", "12"},
		{"two dozen", "24"},
		{"half a dozen", "6"},
		{"one and a half", "1.5"},
		{"three quarters", "0.75"},
		{"two thirds", "0.666666667"},
		{"one half", "0.5"},
		{"a quarter", "0.25"},
		{"three and three quarters", "3.75"},
		{"1,200.50", "1200.5"},
		{"3.14", "3.14"},
		{"-7", "-7"},
		{"1/2", "0.5"},
		{"5k", "5000"},
		{"2.5 million", "2500000"},
		{"five hundred thousand", "500000"},
		{"nine hundred ninety nine thousand nine hundred ninety nine", "999999"},
		{"one billion", "1000000000"},
		{"three million two hundred thousand and five", "3200005"},
		{"i need seven of them", "7"},
		{"twenty twenty six", "2026"},
		{"one fifty", "150"},
		{"a couple", "2"},
		{"a thousand and one", "1001"},
		{"there are fifteen people", "15"},
		{"no number", ""},
		{"one oh five", "105"},
		{"thirty five hundred", "3500"},
		{"six hundred and sixty six", "666"},
		{"1,234,567", "1234567"},
		{"a hundred and one", "101"},
		{"one point two million", "1200000"},
		{"five no six", "6"},
		{"seventy", "70"},
		{"eleven thousand", "11000"},
		{"two lakh", "200000"},
		{"10", "10"},
		{"007", "7"},
		{"two hundred", "200"},
		{"ninety nine point nine", "99.9"},
		{"four over five", "0.8"},
	})
	check(t, Number, "de", [][2]string{
		{"zweiundvierzig", "42"},
		{"dreihundertfünfundzwanzig", "325"},
		{"tausend", "1000"},
		{"zwei komma fünf", "2.5"},
		{"eine million", "1000000"},
		{"1.234,50", "1234.5"},
		{"minus drei", "-3"},
		{"neunzehnhundertneunzig", "1990"},
		{"zweitausendsechsundzwanzig", "2026"},
		{"eineinhalb", "1.5"},
		{"drei und vierzig", "43"},
		{"hundertzwanzig", "120"},
	})
	check(t, Number, "fr", [][2]string{
		{"quarante deux", "42"},
		{"quatre vingt dix sept", "97"},
		{"soixante et onze", "71"},
		{"soixante-dix-huit", "78"},
		{"deux mille vingt six", "2026"},
		{"trois virgule cinq", "3.5"},
		{"cent vingt", "120"},
		{"quatre vingts", "80"},
		{"vingt et un", "21"},
		{"deux cents", "200"},
		{"moins cinq", "-5"},
	})
	check(t, Number, "es", [][2]string{
		{"cuarenta y dos", "42"},
		{"quinientos", "500"},
		{"dos mil veintiséis", "2026"},
		{"tres coma cinco", "3.5"},
		{"ciento veinte", "120"},
		{"mil cien", "1100"},
		{"un millón", "1000000"},
		{"veintiuno", "21"},
		{"menos tres", "-3"},
	})
	check(t, Number, "zh", [][2]string{
		{"四十二", "42"},
		{"三百零五", "305"},
		{"三百五", "350"},
		{"两千零二十六", "2026"},
		{"一万二千", "12000"},
		{"十五", "15"},
		{"二零二六", "2026"},
		{"三点一四", "3.14"},
		{"一亿", "100000000"},
		{"负五", "-5"},
		{"3万", "30000"},
		{"一百二十万", "1200000"},
	})
}

func TestOrdinals(t *testing.T) {
	check(t, Ordinal, "en", [][2]string{
		{"first", "1"},
		{"the twenty third", "23"},
		{"23rd", "23"},
		{"one hundred and first", "101"},
		{"twelfth", "12"},
		{"thirtieth", "30"},
		{"two hundredth", "200"},
		{"the second one", "2"},
		{"twenty-first", "21"},
		{"ninety ninth", "99"},
		{"1st", "1"},
		{"thousandth", "1000"},
		{"none", ""},
		{"fifteenth floor", "15"},
	})
	check(t, Ordinal, "de", [][2]string{{"dreiundzwanzigsten", "23"}, {"der dritte", "3"}, {"am ersten", "1"}, {"hundertste", "100"}})
	check(t, Ordinal, "fr", [][2]string{{"le premier", "1"}, {"vingt troisième", "23"}, {"deuxième", "2"}})
	check(t, Ordinal, "es", [][2]string{{"primero", "1"}, {"tercera", "3"}})
}

func TestDurations(t *testing.T) {
	check(t, Duration, "en", [][2]string{
		{"an hour and a half", "5400"},
		{"half an hour", "1800"},
		{"three days", "259200"},
		{"two and a half minutes", "150"},
		{"a fortnight", "1209600"},
		{"one hour thirty", "5400"},
		{"one hour and thirty minutes", "5400"},
		{"90 seconds", "90"},
		{"1h30m", "5400"},
		{"a quarter of an hour", "900"},
		{"three quarters of an hour", "2700"},
		{"two weeks", "1209600"},
		{"a month", "2592000"},
		{"a year and a half", "47304000"},
		{"two hours fifteen minutes and ten seconds", "8110"},
		{"5 min", "300"},
		{"a couple of hours", "7200"},
		{"ten minutes", "600"},
		{"for about twenty five minutes", "1500"},
		{"1.5 hours", "5400"},
		{"half a day", "43200"},
		{"forty five seconds", "45"},
		{"a day", "86400"},
		{"one and a half hours", "5400"},
		{"an hour", "3600"},
		{"an hour and a quarter", "4500"},
		{"ninety minutes", "5400"},
		{"no time at all", ""},
		{"24 hours", "86400"},
		{"two and a half weeks", "1512000"},
		{"half hour", "1800"},
		{"a decade", "315360000"},
		{"two days and three hours", "183600"},
	})
	check(t, Duration, "de", [][2]string{{"anderthalb stunden", "5400"}, {"eine halbe stunde", "1800"}, {"drei tage", "259200"}, {"eine viertelstunde", "900"}})
	check(t, Duration, "fr", [][2]string{{"une heure et demie", "5400"}, {"une demi heure", "1800"}, {"trois jours", "259200"}})
	check(t, Duration, "es", [][2]string{{"una hora y media", "5400"}, {"media hora", "1800"}, {"tres días", "259200"}})
	check(t, Duration, "zh", [][2]string{{"半个小时", "1800"}, {"三天", "259200"}, {"两个半小时", "9000"}, {"十分钟", "600"}, {"一个月", "2592000"}})
}

func TestMoney(t *testing.T) {
	check(t, Money, "en", [][2]string{
		{"forty two dollars and fifty cents", "42.50 USD"},
		{"a hundred and twenty pounds", "120 GBP"},
		{"€12.50", "12.50 EUR"},
		{"twelve fifty", "12.50"},
		{"five grand", "5000"},
		{"two and a half million euros", "2500000 EUR"},
		{"twenty bucks", "20 USD"},
		{"50 cents", "0.50 USD"},
		{"$1,200.00", "1200 USD"},
		{"$5 million", "5000000 USD"},
		{"a dollar", "1 USD"},
		{"a buck fifty", "1.50 USD"},
		{"ten pounds fifty", "10.50 GBP"},
		{"fifty pence", "0.50 GBP"},
		{"twenty quid", "20 GBP"},
		{"nineteen ninety nine", "19.99"},
		{"a thousand dollars", "1000 USD"},
		{"three dollars", "3 USD"},
		{"50 USD", "50 USD"},
		{"USD 50", "50 USD"},
		{"ninety nine cents", "0.99 USD"},
		{"one hundred yen", "100 JPY"},
		{"five k", "5000"},
		{"$3.5k", "3500 USD"},
		{"twelve point five euros", "12.50 EUR"},
		{"i paid forty dollars for two shirts", "40 USD"},
		{"twenty us dollars", "20 USD"},
		{"thirty canadian dollars", "30 CAD"},
		{"£9.99", "9.99 GBP"},
		{"12 euros and 5 cents", "12.05 EUR"},
		{"one twenty pounds", "120 GBP"},
		{"a tenner", "10 GBP"},
		{"no money", ""},
		{"two hundred fifty thousand rupees", "250000 INR"},
		{"twenty five dollars", "25 USD"},
		{"half a million dollars", "500000 USD"},
		{"nineteen ninety nine dollars", "19.99 USD"},
		{"75", "75"},
		{"eighty pounds sterling", "80 GBP"},
		{"minus twenty dollars", "-20 USD"},
		{"a hundred bucks", "100 USD"},
		{"¥500", "500 JPY"},
		{"six figures", "6"},
		{"three hundred forty five dollars and sixty seven cents", "345.67 USD"},
	})
	check(t, Money, "de", [][2]string{{"zwölf euro fünfzig", "12.50 EUR"}, {"12,50 €", "12.50 EUR"}, {"fünfzig cent", "0.50 EUR"}, {"hundert franken", "100 CHF"}})
	check(t, Money, "fr", [][2]string{{"douze euros cinquante", "12.50 EUR"}, {"vingt dollars", "20 USD"}})
	check(t, Money, "es", [][2]string{{"doce euros con cincuenta", "12.50 EUR"}, {"veinte dólares", "20 USD"}, {"doce euros y cincuenta céntimos", "12.50 EUR"}})
	check(t, Money, "zh", [][2]string{{"十二块五", "12.50 CNY"}, {"三元五角", "3.50 CNY"}, {"五十美元", "50 USD"}, {"一百二十元", "120 CNY"}})
}

func TestQuantities(t *testing.T) {
	check(t, Quantity, "en", [][2]string{
		{"350 kwh", "350 kWh"},
		{"three hundred fifty kilowatt hours", "350 kWh"},
		{"twenty percent", "20 %"},
		{"5%", "5 %"},
		{"ten kilometers", "10 km"},
		{"sixty miles per hour", "60 mph"},
		{"half a liter", "0.5 l"},
		{"two and a half pounds", "2.5 lb"},
		{"seventy two degrees fahrenheit", "72 °F"},
		{"100 mbps", "100 Mbps"},
		{"five gigabytes", "5 GB"},
		{"six foot", "6 ft"},
		{"20°C", "20 °C"},
		{"120 km/h", "120 km/h"},
		{"twelve point five kilos", "12.5 kg"},
		{"three bottles", "3 bottles"},
		{"words only", ""},
	})
}

func TestForeignDates(t *testing.T) {
	check(t, Date, "de", [][2]string{
		{"heute", "2026-03-04"},
		{"morgen", "2026-03-05"},
		{"übermorgen", "2026-03-06"},
		{"nächsten dienstag", "2026-03-10"},
		{"am dreiundzwanzigsten märz", "2026-03-23"},
		{"3. mai 2026", "2026-05-03"},
		{"der dritte mai zweitausendsechsundzwanzig", "2026-05-03"},
		{"in zwei wochen", "2026-03-18"},
		{"vor drei tagen", "2026-03-01"},
		{"03.04.2026", "2026-04-03"},
		{"ende des monats", "2026-03-31"},
		{"montag nächster woche", "2026-03-09"},
		{"nächste woche", "2026-03-09"},
		{"am dritten vierten", "2026-04-03"},
	})
	check(t, Date, "fr", [][2]string{
		{"demain", "2026-03-05"},
		{"après-demain", "2026-03-06"},
		{"lundi prochain", "2026-03-09"},
		{"le premier mai", "2026-05-01"},
		{"le vingt trois mars", "2026-03-23"},
		{"dans deux semaines", "2026-03-18"},
		{"il y a trois jours", "2026-03-01"},
		{"le 3 mai 2026", "2026-05-03"},
		{"la semaine prochaine", "2026-03-09"},
		{"fin du mois", "2026-03-31"},
	})
	check(t, Date, "es", [][2]string{
		{"mañana", "2026-03-05"},
		{"pasado mañana", "2026-03-06"},
		{"el lunes que viene", "2026-03-09"},
		{"el próximo lunes", "2026-03-09"},
		{"el veintitrés de marzo", "2026-03-23"},
		{"3 de mayo de 2026", "2026-05-03"},
		{"hace tres días", "2026-03-01"},
		{"en dos semanas", "2026-03-18"},
		{"la semana que viene", "2026-03-09"},
		{"el primero de mayo de dos mil veintiséis", "2026-05-01"},
	})
	check(t, Date, "zh", [][2]string{
		{"明天", "2026-03-05"},
		{"后天", "2026-03-06"},
		{"下周三", "2026-03-11"},
		{"周五", "2026-03-06"},
		{"三月二十三号", "2026-03-23"},
		{"二零二六年五月三号", "2026-05-03"},
		{"2026年5月3日", "2026-05-03"},
		{"三天后", "2026-03-07"},
		{"两周前", "2026-02-18"},
		{"月底", "2026-03-31"},
		{"下个月", "2026-04-01"},
		{"下星期一", "2026-03-09"},
	})
	check(t, Time, "de", [][2]string{
		{"halb neun", "08:30"},
		{"viertel vor fünf", "04:45"},
		{"zehn nach sechs", "06:10"},
		{"neun uhr dreißig", "09:30"},
		{"fünf vor halb drei", "02:25"},
		{"15 uhr", "15:00"},
		{"drei uhr nachmittags", "15:00"},
		{"mittag", "12:00"},
		{"um acht uhr abends", "20:00"},
		{"15:30 uhr", "15:30"},
	})
	check(t, Time, "fr", [][2]string{
		{"neuf heures et demie", "09:30"},
		{"cinq heures moins le quart", "04:45"},
		{"trois heures de l'après-midi", "15:00"},
		{"midi", "12:00"},
		{"quinze heures trente", "15:30"},
		{"9h30", "09:30"},
		{"huit heures du soir", "20:00"},
	})
	check(t, Time, "es", [][2]string{
		{"las nueve y media", "09:30"}, {"las cinco menos cuarto", "04:45"}, {"las tres de la tarde", "15:00"}, {"mediodía", "12:00"}, {"a las ocho de la noche", "20:00"},
	})
	check(t, Time, "zh", [][2]string{
		{"下午三点半", "15:30"}, {"九点三十分", "09:30"}, {"三点一刻", "03:15"}, {"晚上八点", "20:00"}, {"差十分五点", "04:50"}, {"中午十二点", "12:00"},
	})
	check(t, Datetime, "de", [][2]string{{"morgen um drei uhr nachmittags", "2026-03-05T15:00"}, {"am montag um halb neun", "2026-03-09T08:30"}})
	check(t, Datetime, "fr", [][2]string{{"demain à quinze heures", "2026-03-05T15:00"}})
	check(t, Datetime, "es", [][2]string{{"mañana a las tres de la tarde", "2026-03-05T15:00"}})
	check(t, Datetime, "zh", [][2]string{{"明天下午三点", "2026-03-05T15:00"}, {"下周三上午九点半", "2026-03-11T09:30"}})
}
