package kakao

// MaxTemplateLink bounds a link of a BrandTalk template before substitution, in
// [Len] units.
const MaxTemplateLink = 500

// CodeTemplateContent refuses a text that its values have made too long.
const CodeTemplateContent = -2019

// More delivery codes of BrandTalk.
const (
	BrandTooLong     = "A3014" // longer than its kind of template may be
	BrandUnconfirmed = "A4001" // of no known state: it may have arrived
)
