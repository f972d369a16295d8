package guard

import (
	"regexp"
	"slices"
)

// An amount can be a source's own and the sentence false all the same: who is
// charged thirty euros does not get them. So the sentence of an article that has
// the amount must say it the same way round. Where that is not sure the article's
// own words are spoken instead, which are never wrong.
var (
	sentenceEnd = regexp.MustCompile(`[.!?;](?:\s+|$)|[。！？；]`)
	gains       = regexp.MustCompile(`\b(?:gets?|got|receives?|received|back|refund\w*|sav(?:es?|ed|ings?)|off|discount\w*|credit\w*|earn\w*|bonus|reward\w*|vouchers?|gifts?|(?:we|us)(?:'ll| will)? pay|pay you|reimburs\w*|compensat\w*|cheaper)\b|退款|退钱|返|优惠|减免`)
	charges     = regexp.MustCompile(`\b(?:costs?|you(?:'ll| will)? pay|to pay|pay for|charg(?:es?|ed|ing)|fees?|pric(?:es?|ed)|deposit)\b|收费|费用|价格`)
	negations   = regexp.MustCompile(`\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|except|unless)\b|n't\b|不|没|无`)
)

// agrees reports whether a sentence of the source that has the amount says it the
// same way round as what is to be said, in lower case: given or charged, denied
// or not.
func (f *facts) agrees(a amount, said string) bool {
	for _, text := range f.texts {
		for _, own := range sentenceEnd.Split(text, -1) {
			if slices.ContainsFunc(amounts(own), func(b amount) bool { return b.number == a.number }) && sameWay(a, said, own) {
				return true
			}
		}
	}
	return false
}

func sameWay(a amount, said, own string) bool {
	if negations.MatchString(said) != negations.MatchString(own) {
		return false
	}
	if !slices.Contains(money, a.unit) {
		return true
	}
	given, kept := gains.MatchString(own), charges.MatchString(own)
	return !(gains.MatchString(said) && !given) && !(charges.MatchString(said) && given && !kept)
}
