package entity

import "testing"

func TestDigits(t *testing.T) {
	check(t, Digits, "en", [][2]string{
		{"one two three", "123"},
		{"double four", "44"},
		{"triple seven two", "7772"},
		{"oh one two", "012"},
		{"nought five", "05"},
		{"my order number is four seven one one", "4711"},
		{"twelve thirty four five", "12345"},
		{"a hundred and twenty", "120"},
		{"twenty three forty five", "2345"},
		{"one twenty three", "123"},
		{"four five to eight", "4528"},
		{"one for six", "146"},
		{"three zeros", "000"},
		{"two nines five", "995"},
		{"it's 00412", "00412"},
		{"12 34 56", "123456"},
		{"double oh seven", "007"},
		{"five thousand two hundred", "5200"},
		{"eight hundred five five five", "800555"},
		{"one two three no sorry one two four", "124"},
		{"nineteen eighty four", "1984"},
		{"i have one order it is seven eight nine", "789"},
		{"zero zero one", "001"},
		{"nothing here", ""},
		{"four dash five dash six", "456"},
		{"six uh seven um eight", "678"},
		{"twelve hundred", "1200"},
		{"ninety nine", "99"},
		{"eleven twelve", "1112"},
		{"seventy", "70"},
	})
	check(t, Digits, "de", [][2]string{{"vier sieben eins eins", "4711"}, {"zwo drei", "23"}, {"dreiundzwanzig vier", "234"}})
	check(t, Digits, "fr", [][2]string{{"zéro six douze trente quatre", "061234"}})
	check(t, Digits, "es", [][2]string{{"uno dos tres", "123"}, {"cuatro siete once", "4711"}})
	check(t, Digits, "zh", [][2]string{{"一三八零零", "13800"}, {"幺三五", "135"}, {"我的号码是四七一一", "4711"}})
}

func TestDigitAlternatives(t *testing.T) {
	v, _ := Find("twenty three", Digits, now, "en")
	if v.Text != "23" || len(v.Alternatives) != 1 || v.Alternatives[0] != "203" {
		t.Errorf("twenty three = %q, %q, want 23 and 203", v.Text, v.Alternatives)
	}
	v, _ = Find("my number is four two thanks", Digits, now, "en")
	if s := "my number is four two thanks"[v.From:v.To]; s != "four two" {
		t.Errorf("span %q, want %q", s, "four two")
	}
}

func TestPhones(t *testing.T) {
	check(t, Phone, "en", [][2]string{
		{"five five five oh one two double three", "55501233"},
		{"plus forty four twenty seven nine four six oh nine five eight", "+442079460958"},
		{"eight hundred five five five one two one two", "8005551212"},
		{"my number is 555-123-4567", "5551234567"},
		{"(555) 123-4567", "5551234567"},
		{"+1 555 123 4567", "+15551234567"},
		{"oh two oh seven nine four six oh nine five eight", "02079460958"},
		{"five five five twelve thirty four", "5551234"},
		{"triple five one two three four", "5551234"},
		{"one two three", ""},
		{"call me at six one seven five five five oh one four two", "6175550142"},
		{"plus one six one seven five five five zero one four two", "+16175550142"},
		{"555.123.4567", "5551234567"},
		{"area code two one two then five five five oh one double nine", "2125550199"},
		{"one eight hundred five five five one two three four", "18005551234"},
		{"oh seven seven double oh nine hundred one two three", "07700900123"},
	})
}

func TestCards(t *testing.T) {
	check(t, Card, "en", [][2]string{
		{"four one one one one one one one one one one one one one one one", "4111111111111111"},
		{"4111 1111 1111 1111", "4111111111111111"},
		{"four one one one triple one one double one one one one one one one", "4111111111111111"},
		{"4111 1111 1111 1112", ""},
		{"five five five five five five five five five five five five four four four four", "5555555555554444"},
		{"378282246310005", "378282246310005"},
		{"thirty seven eighty two eighty two two four six three one zero zero zero five", "378282246310005"},
		{"one two three four", ""},
		{"4111-1111-1111-1111", "4111111111111111"},
	})
}

func TestCodes(t *testing.T) {
	check(t, Code, "en", [][2]string{
		{"a b c one two three", "ABC123"},
		{"alpha bravo charlie one two", "ABC12"},
		{"b as in boy four seven", "B47"},
		{"m for mother n for nancy three", "MN3"},
		{"double a triple seven", "AA777"},
		{"bee see dee five", "BCD5"},
		{"capital b two", "B2"},
		{"double u three", "W3"},
		{"zed four zee five", "Z4Z5"},
		{"a b dash one two", "AB-12"},
		{"my order id is x y zero nine", "XY09"},
		{"AB-1234", "AB-1234"},
		{"my code is AB1234", "AB1234"},
		{"ab12cd", "AB12CD"},
		{"x ray yankee zulu nine", "XYZ9"},
		{"x-ray seven", "X7"},
		{"queue are you five", "QRU5"},
		{"t o one two", "TO12"},
		{"b o seven", "BO7"},
		{"seven o nine k", "709K"},
		{"whiskey tango foxtrot", "WTF"},
		{"k j eighty seven", "KJ87"},
		{"p as in peter b as in bravo four four two", "PB442"},
		{"it's r two d two", "R2D2"},
		{"eff gee aitch one", "FGH1"},
		{"the reference is j for juliet nine for eight", "J948"},
		{"hello how may i help", ""},
		{"one two three four", "1234"},
		{"lowercase q uppercase r five", "QR5"},
		{"november seven five lima mike", "N75LM"},
		{"number five letter b", "5B"},
		{"b c d no wait b c e", "BCE"},
		{"oscar kilo zero", "OK0"},
		{"triple x nine", "XXX9"},
		{"s for sugar double nine", "S99"},
	})
	check(t, Code, "de", [][2]string{{"anton berta vier", "AB4"}, {"a wie anton drei", "A3"}})
}

func TestEmails(t *testing.T) {
	check(t, Email, "en", [][2]string{
		{"john dot smith at gmail dot com", "john.smith@gmail.com"},
		{"j o h n underscore smith at example dot co dot uk", "john_smith@example.co.uk"},
		{"my email is john smith forty two at yahoo dot com", "johnsmith42@yahoo.com"},
		{"mary hyphen jane at outlook dot com", "mary-jane@outlook.com"},
		{"it's info at acme dot org", "info@acme.org"},
		{"John.Smith@Example.com", "john.smith@example.com"},
		{"anna all one word at gmail dot com", "anna@gmail.com"},
		{"bob at g mail dot com", "bob@gmail.com"},
		{"sales at big company dot co dot u k", "sales@bigcompany.co.uk"},
		{"peter at gmail com", "peter@gmail.com"},
		{"j dot r dot r at tolkien dot net", "j.r.r@tolkien.net"},
		{"write to tom at i b m dot com please", "tom@ibm.com"},
		{"no email", ""},
		{"sam one two three at hotmail dot com", "sam123@hotmail.com"},
		{"double l at mail dot example dot com", "ll@mail.example.com"},
		{"first plus tag at example dot io", "first+tag@example.io"},
		{"meet me at the station", ""},
		{"kate dash b at web dot de", "kate-b@web.de"},
		{"my email address is a b c at x y z dot edu thank you", "abc@xyz.edu"},
		{"lee twenty twenty at aol dot com", "lee2020@aol.com"},
	})
}

func TestYesNo(t *testing.T) {
	check(t, YesNo, "en", [][2]string{
		{"yes", "yes"},
		{"yeah", "yes"},
		{"yep that's right", "yes"},
		{"no", "no"},
		{"nope", "no"},
		{"not really", "no"},
		{"i don't think so", "no"},
		{"why not", "yes"},
		{"of course not", "no"},
		{"of course", "yes"},
		{"no problem", "yes"},
		{"no i mean yes", "yes"},
		{"yes i mean no", "no"},
		{"yes wait no", "no"},
		{"i guess so", "yes"},
		{"absolutely not", "no"},
		{"absolutely", "yes"},
		{"that's not right", "no"},
		{"that is correct", "yes"},
		{"that's incorrect", "no"},
		{"not correct", "no"},
		{"i don't know", ""},
		{"maybe", ""},
		{"i'm not sure", ""},
		{"sure", "yes"},
		{"sure no problem", "yes"},
		{"no thanks", "no"},
		{"no thank you", "no"},
		{"yeah no", "no"},
		{"no yeah", "yes"},
		{"uh huh", "yes"},
		{"uh uh", "no"},
		{"mm hmm", "yes"},
		{"i don't think that's right", "no"},
		{"go ahead", "yes"},
		{"please do", "yes"},
		{"please don't", "no"},
		{"by all means", "yes"},
		{"no way", "no"},
		{"hell yes", "yes"},
		{"i would like a pizza", ""},
		{"what do you mean", ""},
		{"it depends", ""},
		{"yes and no", ""},
		{"no doubt", "yes"},
		{"i'm afraid not", "no"},
		{"that would be great", "yes"},
		{"i'd rather not", "no"},
		{"sounds good", "yes"},
		{"doesn't sound good", "no"},
		{"not at all", "no"},
		{"Yes, please.", "yes"},
		{"No, that's wrong.", "no"},
		{"no no no", "no"},
		{"okay", "yes"},
		{"not okay", "no"},
		{"probably", "yes"},
		{"probably not", "no"},
		{"i do", "yes"},
		{"i do not", "no"},
		{"i don't mind", "yes"},
		{"never", "no"},
		{"exactly", "yes"},
		{"not exactly", "no"},
		{"that's it", "yes"},
		{"i have no idea", ""},
		{"perhaps", ""},
		{"can you repeat that", ""},
		{"yes yes", "yes"},
		{"correct", "yes"},
		{"not wrong", "yes"},
		{"without a doubt", "yes"},
		{"no that's fine", "no"},
		{"yes that's wrong", "yes"},
		{"you bet", "yes"},
		{"negative", "no"},
		{"affirmative", "yes"},
		{"not today", "no"},
		{"not yet", "no"},
		{"hmm yeah i think so", "yes"},
		{"well i suppose so", "yes"},
		{"the weather", ""},
		{"", ""},
		{"no actually yes", "yes"},
		{"yes sorry no", "no"},
	})
	check(t, YesNo, "de", [][2]string{{"ja", "yes"}, {"nein danke", "no"}, {"na klar", "yes"}, {"ich glaube nicht", "no"}, {"weiß nicht", ""}, {"doch", "yes"}, {"das stimmt nicht", "no"}})
	check(t, YesNo, "fr", [][2]string{{"oui", "yes"}, {"non merci", "no"}, {"bien sûr que non", "no"}, {"pas vraiment", "no"}, {"je ne sais pas", ""}, {"d'accord", "yes"}})
	check(t, YesNo, "es", [][2]string{{"sí", "yes"}, {"claro que no", "no"}, {"por supuesto", "yes"}, {"no sé", ""}, {"no gracias", "no"}, {"creo que sí", "yes"}})
	check(t, YesNo, "zh", [][2]string{{"是的", "yes"}, {"不是", "no"}, {"没问题", "yes"}, {"不知道", ""}, {"好的", "yes"}, {"不用了", "no"}, {"对", "yes"}})
}

func TestNames(t *testing.T) {
	check(t, Name, "en", [][2]string{
		{"my name is john smith", "John Smith"},
		{"john smith", "John Smith"},
		{"this is mary jones speaking", "Mary Jones"},
		{"it's peter o'brien", "Peter O'Brien"},
		{"i'm anna", "Anna"},
		{"my name is john smith and i have a question", "John Smith"},
		{"s m i t h", "Smith"},
		{"my name is jon smith that's j o h n", "John Smith"},
		{"first name john last name smith", "John Smith"},
		{"yes my name is doctor helen carter", "Helen Carter"},
		{"call me bob", "Bob"},
		{"i'm calling about my order", ""},
		{"mister jones", "Jones"},
		{"this is ronald mcdonald", "Ronald McDonald"},
		{"my last name is garcia", "Garcia"},
		{"the name's bond", "Bond"},
		{"i am looking for a refund", ""},
		{"my name is Jean-Luc Picard", "Jean Luc Picard"},
		{"hi this is sue from acme", "Sue"},
	})
	check(t, Name, "de", [][2]string{{"mein name ist karl müller", "Karl Müller"}, {"ich heiße anna", "Anna"}})
	check(t, Name, "zh", [][2]string{{"我叫王小明", "王小明"}})
}

func TestAddresses(t *testing.T) {
	check(t, Address, "en", [][2]string{
		{"twelve main street springfield illinois six two seven oh four", "12 Main Street, Springfield, IL 62704"},
		{"123 Main St, Springfield, IL 62704", "123 Main St, Springfield, IL 62704"},
		{"forty two b baker street london", "42B Baker Street, London"},
		{"i live at one twenty three oak avenue", "123 Oak Avenue"},
		{"twelve twenty one west elm road apartment four b boston massachusetts", "1221 West Elm Road Apartment 4B, Boston, MA"},
		{"five fifty fifth avenue new york new york one zero one one zero", "550 5th Avenue, New York, NY 10110"},
		{"ten downing street london s w one a two a a", "10 Downing Street, London, SW1A 2AA"},
		{"no address", ""},
		{"my address is 77 massachusetts avenue in cambridge", "77 Massachusetts Avenue, Cambridge"},
		{"flat 3, 12 high street, oxford", "12 High Street Flat 3, Oxford"},
		{"1600 pennsylvania avenue nw washington d c 20500", "1600 Pennsylvania Avenue Nw, Washington, DC 20500"},
	})
	check(t, Address, "de", [][2]string{{"hauptstraße zwölf eins null eins eins fünf berlin", "Hauptstraße 12, 10115 Berlin"}, {"lindenweg 5 80331 münchen", "Lindenweg 5, 80331 München"}})
}

func TestChoose(t *testing.T) {
	options := []Option{{"checking", []string{"current account", "cheque account"}}, {"savings", []string{"save"}}, {"credit card", []string{"visa", "card"}}}
	for _, c := range [][2]string{
		{"checking please", "checking"},
		{"the current account", "checking"},
		{"my savings", "savings"},
		{"saving", "savings"},
		{"visa", "credit card"},
		{"the second one", "savings"},
		{"option three", "credit card"},
		{"the last one", "credit card"},
		{"not checking savings", "savings"},
		{"checking no sorry savings", "savings"},
		{"something else", ""},
		{"credit card", "credit card"},
		{"number one", "checking"},
		{"savins", "savings"},
		{"not the card the checking one", "checking"},
		{"two", "savings"},
	} {
		v, ok := Choose(c[0], options, "en")
		if v.Text != c[1] || ok != (c[1] != "") {
			t.Errorf("%q = %q (%.2f, %q), want %q", c[0], v.Text, v.Confidence, v.Alternatives, c[1])
		}
	}
}
