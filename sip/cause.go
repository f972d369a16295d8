package sip

// causes maps SIP's final responses to causes of ITU-T Q.850 and to what they
// mean for people. RFC 3398 section 8.2.6.1.
var causes = []struct {
	status, q850 int
	words        string
}{
	{400, 41, "the far end could not read our request"},
	{401, 21, "the far end wants a user and a password"},
	{402, 21, "the far end wants to be paid"},
	{403, 21, "the far end refuses the call"},
	{404, 1, "the number does not exist"},
	{405, 63, "the far end does not offer this"},
	{406, 79, "the far end cannot do what we ask for"},
	{407, 21, "a proxy wants a user and a password"},
	{408, 102, "nobody answered in time"},
	{410, 22, "the number has changed"},
	{413, 127, "our request is too large"},
	{414, 127, "the address is too long"},
	{415, 79, "the far end does not understand our description"},
	{416, 127, "the far end does not understand the address"},
	{420, 127, "the far end lacks an extension that we need"},
	{480, 18, "nobody can be reached there now"},
	{481, 41, "the far end does not know the call"},
	{482, 25, "the call goes around in circles"},
	{483, 25, "the call went over too many hops"},
	{484, 28, "the number is not complete"},
	{485, 1, "the number is ambiguous"},
	{486, 17, "busy"},
	{487, 31, "the call was taken back"},
	{488, 88, "there is no codec or encryption that both can use"},
	{500, 41, "the far end has a fault"},
	{501, 79, "the far end cannot do this"},
	{502, 38, "the network behind the far end does not answer well"},
	{503, 41, "the far end is overloaded or down"},
	{504, 102, "the network behind the far end does not answer"},
	{505, 127, "the far end speaks another version"},
	{600, 17, "busy everywhere"},
	{603, 21, "the call was declined"},
	{604, 1, "the number exists nowhere"},
	{606, 88, "there is no codec or encryption that both can use"},
	{607, 21, "the callee does not want such calls"},
	{608, 21, "the call was rejected as unwanted"},
}

// Cause is the Q.850 cause of a final response, and what it means in words for
// people. A response that is not known counts as the first of its hundred, RFC
// 3261 section 21; 2xx is cause 16.
func Cause(status int) (q850 int, words string) {
	for _, c := range causes {
		if c.status == status {
			return c.q850, c.words
		}
	}
	switch status / 100 {
	case 2:
		return 16, "answered"
	case 3:
		return 23, "the far end has moved"
	case 4:
		return 41, "the far end refuses the request"
	case 5:
		return 41, "the far end has a fault"
	case 6:
		return 21, "the call is refused everywhere"
	}
	return 38, "no answer came"
}

// statuses maps causes of Q.850 to SIP. RFC 3398 section 7.2.4.1.
var statuses = map[int]int{
	1: 404, 2: 404, 3: 404, 17: 486, 18: 408, 19: 480, 20: 480, 21: 403, 22: 410, 23: 410, 26: 404, 27: 502, 28: 484, 29: 501,
	31: 480, 34: 503, 38: 503, 41: 503, 42: 503, 47: 503, 55: 403, 57: 403, 58: 503, 65: 488, 70: 488, 79: 501, 87: 403, 88: 503,
	102: 504, 111: 500, 127: 500,
}

// Status is the final response that says what a Q.850 cause says; 500 where the
// cause is not known, and 480 for a normal clearing before an answer.
func Status(q850 int) int {
	if q850 == 16 {
		return 480
	}
	if s, ok := statuses[q850]; ok {
		return s
	}
	return 500
}
