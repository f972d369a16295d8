package entity

var french = language{
	code:         "fr",
	decimalComma: true,
	numerals: numerals(`zéro zero;un une;deux;trois;quatre;cinq;six;sept;huit;neuf;dix;onze;douze;treize;quatorze;quinze;seize`,
		`vingt;trente;quarante;cinquante;soixante;septante;huitante octante;nonante`,
		map[string]int64{"cent": 100, "cents": 100, "mille": 1e3, "million": 1e6, "millions": 1e6, "milliard": 1e9, "milliards": 1e9}),
	ordinals: numerals(`zéroième;premier première unième;deuxième second seconde;troisième;quatrième;cinquième;sixième;
		septième;huitième;neuvième;dixième;onzième;douzième;treizième;quatorzième;quinzième;seizième`,
		`vingtième;trentième;quarantième;cinquantième;soixantième`, map[string]int64{"centième": 100, "millième": 1e3}),
	ands:    []string{"et"},
	points:  []string{"virgule", "point"},
	minus:   []string{"moins"},
	repeats: map[string]int{"double": 2, "triple": 3},
	months: table(1, `janvier;février fevrier;mars;avril;mai;juin;juillet;août aout;septembre;octobre;novembre;
		décembre decembre`),
	weekdays: table(0, `dimanche;lundi;mardi;mercredi;jeudi;vendredi;samedi`),
	currencies: currencies(`EUR:euro euros eur;USD:dollar dollars usd;GBP:livre livres;CHF:franc francs chf;JPY:yen yens;
		CNY:yuan yuans`, `centime centimes:;cent cents:`),
	spans: spans(`1:seconde secondes s;60:minute minutes min;3600:heure heures h;86400:jour jours;604800:semaine semaines;
		2592000:mois;31536000:an ans année années`),
	yesNo: frenchYesNo,
}

var spanish = language{
	code:         "es",
	decimalComma: true,
	numerals: withCentenas(numerals(`cero;un uno una;dos;tres;cuatro;cinco;seis;siete;ocho;nueve;diez;once;doce;trece;
		catorce;quince;dieciséis dieciseis;diecisiete;dieciocho;diecinueve;;veintiuno veintiún veintiuna;veintidós veintidos;
		veintitrés veintitres;veinticuatro;veinticinco;veintiséis veintiseis;veintisiete;veintiocho;veintinueve`,
		`veinte;treinta;cuarenta;cincuenta;sesenta;setenta;ochenta;noventa`,
		map[string]int64{"cien": 100, "ciento": 100, "mil": 1e3, "millón": 1e6, "millon": 1e6, "millones": 1e6})),
	ordinals: numerals(`;primero primera primer;segundo segunda;tercero tercera tercer;cuarto cuarta;quinto quinta;
		sexto sexta;séptimo séptima;octavo octava;noveno novena;décimo décima;undécimo;duodécimo`,
		`vigésimo vigésima;trigésimo trigésima;cuadragésimo;quincuagésimo`, map[string]int64{"centésimo": 100}),
	ands:    []string{"y"},
	points:  []string{"coma", "punto"},
	minus:   []string{"menos"},
	repeats: map[string]int{"doble": 2, "triple": 3},
	months: table(1, `enero;febrero;marzo;abril;mayo;junio;julio;agosto;septiembre setiembre;octubre;noviembre;
		diciembre`),
	weekdays: table(0, `domingo;lunes;martes;miércoles miercoles;jueves;viernes;sábado sabado`),
	currencies: currencies(`EUR:euro euros eur;USD:dólar dólares dolar dolares usd;MXN:peso pesos;GBP:libra libras;
		JPY:yen yenes;CNY:yuan yuanes`, `céntimo céntimos centimo centimos centavo centavos:`),
	spans: spans(`1:segundo segundos s;60:minuto minutos min;3600:hora horas h;86400:día días dia dias;604800:semana semanas;
		2592000:mes meses;31536000:año años`),
	yesNo: spanishYesNo,
}

func withCentenas(m map[string]numeral) map[string]numeral {
	for w, n := range table(2, `doscientos doscientas;trescientos trescientas;cuatrocientos cuatrocientas;
		quinientos quinientas;seiscientos seiscientas;setecientos setecientas;ochocientos ochocientas;
		novecientos novecientas`) {
		m[w] = numeral{val: int64(n) * 100, class: centena}
	}
	return m
}
