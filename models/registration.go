package models

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// NewRegistration is what is filled in to register a template with the provider.
type NewRegistration struct {
	Code    string
	Version int // that was looked at
}

// Validate checks the code.
func (in NewRegistration) Validate() error {
	p := problems{}
	validateCode(p, in.Code)
	return p.err()
}

// NewAdoption is what is filled in to take over a template that was registered
// elsewhere.
type NewAdoption struct {
	SenderID int64
	Code     string
}

// Validate checks the form.
func (in NewAdoption) Validate() error {
	p := problems{}
	if in.SenderID == 0 {
		p.add("sender", "field.choose")
	}
	validateCode(p, in.Code)
	return p.err()
}

var templateCode = regexp.MustCompile(`^[0-9A-Za-z]+$`)

func validateCode(p problems, code string) {
	switch {
	case code == "":
		p.add("code", "field.required")
	case !templateCode.MatchString(code):
		p.add("code", "registration.code_letters")
	case len(code) > kakao.MaxTemplateCode:
		p.add("code", "field.too_long", "Max", kakao.MaxTemplateCode)
	}
}

// SuggestCode makes a code for a template of the name name: its letters and digits,
// Hangul as it sounds, and a number behind it where taken says that there is one like
// it.
func SuggestCode(name string, taken func(code string) bool) string {
	var b strings.Builder
	for _, r := range kakao.Composed(name) {
		b.WriteString(romanized(r))
	}
	base := strings.ToLower(b.String())
	if base == "" {
		base = "template"
	}
	code := cutCode(base, "")
	for n := 2; taken(code); n++ {
		code = cutCode(base, fmt.Sprint(n))
	}
	return code
}

// cutCode puts suffix behind as much of base as there is room for.
func cutCode(base, suffix string) string {
	return base[:min(len(base), kakao.MaxTemplateCode-len(suffix))] + suffix
}

// The letters of Hangul syllables as they are romanized, in their order in Unicode.
var (
	initials = strings.Split("g,kk,n,d,tt,r,m,b,pp,s,ss,,j,jj,ch,k,t,p,h", ",")
	vowels   = strings.Split("a,ae,ya,yae,eo,e,yeo,ye,o,wa,wae,oe,yo,u,wo,we,wi,yu,eu,ui,i", ",")
	finals   = strings.Split(",k,k,k,n,n,n,t,l,k,m,l,l,l,p,l,m,p,p,t,t,ng,t,t,k,t,p,t", ",")
)

// romanized is r where it is a letter or digit that a code can have, a Hangul syllable
// as it sounds, or nothing.
func romanized(r rune) string {
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return string(r)
	case r >= '가' && r <= '힣':
		i := int(r - '가')
		return initials[i/(len(vowels)*len(finals))] + vowels[i/len(finals)%len(vowels)] + finals[i%len(finals)]
	}
	return ""
}

// Registered is c as the provider registers it: its variables without our defaults.
func (c Content) Registered() Content {
	c.Text = ParsePattern(c.Text).Plain()
	buttons := make([]Button, len(c.Buttons))
	for i, b := range c.Buttons {
		b = b.Trim()
		for _, link := range b.links() {
			*link = ParsePattern(*link).Plain()
		}
		buttons[i] = b
	}
	c.Buttons = buttons
	return c
}

// Usable reports whether campaigns can be sent with t as it is; if not, reason says
// why.
func (t Template) Usable() (ok bool, reason Text) {
	switch {
	case !t.Channel.Registers():
		return true, Text{}
	case t.State != TemplateRegistered:
		return false, T("brandtalk.not_registered")
	case t.Gone():
		return false, T("registration.gone")
	case t.KakaoStatus == kakao.TemplateBlocked:
		return false, T("registration.blocked")
	}
	return true, Text{}
}

// Gone reports whether the provider knows the registered template no more.
func (t Template) Gone() bool {
	return t.State == TemplateRegistered && t.Problem.Key == "registration.gone"
}

// TemplateWithCode reads the template that a sender has, or is to have, under a code.
func (db *DB) TemplateWithCode(ctx context.Context, senderID int64, code string) (t Template, err error) {
	err = db.read(ctx).Where("sender_id = ? AND code = ? AND code <> ''", senderID, code).First(&t).Error
	return t, dbError(err, "template")
}

// TemplateCodes are the codes of a sender's templates.
func (db *DB) TemplateCodes(ctx context.Context, senderID int64) (map[string]bool, error) {
	var codes []string
	err := db.read(ctx).Model(&Template{}).Where("sender_id = ? AND code <> ''", senderID).Pluck("code", &codes).Error
	found := make(map[string]bool, len(codes))
	for _, code := range codes {
		found[code] = true
	}
	return found, err
}

// BeginRegistration notes that the provider is about to be asked to register t, as it
// is, under t.Code. It fails with [Conflict] when t has been changed since it was
// read, or is no draft any more, or the sender has the code.
func (db *DB) BeginRegistration(ctx context.Context, t Template) error {
	t.State, t.Search = TemplateRegistering, t.searched()
	res := db.write(ctx).Model(&Template{}).Where("id = ? AND version = ? AND state = ? AND archived_at IS NULL", t.ID, t.Version, TemplateDraft).
		Select("State", "Code", "Search", "Problem", "RegisteredAt", "CheckAt", "UpdatedBy", "UpdatedAt").Updates(t)
	if res.Error == nil && res.RowsAffected == 0 {
		return Errorf(Conflict, "registration.changed")
	}
	return dbError(res.Error, "template")
}

// EndRegistration writes down what came of asking the provider to register before: t is
// registered, or a draft without a code again. ended is false if somebody else has done
// so.
func (db *DB) EndRegistration(ctx context.Context, before, t Template) (ended bool, err error) {
	t.Search = t.searched()
	res := db.write(ctx).Model(&Template{}).Where("id = ? AND state = ? AND registered_at = ?", t.ID, TemplateRegistering, before.RegisteredAt).
		Select("State", "Code", "Search", "KakaoStatus", "Problem", "RegisteredAt", "CheckedAt", "CheckAt").Updates(t)
	return res.RowsAffected > 0, dbError(res.Error, "template")
}

// KeepTemplateStatus writes down what the provider says of t, or why it said nothing,
// and when it is asked next.
func (db *DB) KeepTemplateStatus(ctx context.Context, t Template) error {
	return dbError(db.write(ctx).Model(&Template{}).Where("id = ? AND state = ?", t.ID, t.State).
		Select("KakaoStatus", "Problem", "CheckedAt", "CheckAt").Updates(t).Error, "template")
}

// DueTemplates are at most limit templates that the provider is to be asked about now.
func (db *DB) DueTemplates(ctx context.Context, now time.Time, limit int) ([]Template, error) {
	var ts []Template
	return ts, db.read(ctx).Where("check_at <= ?", now.UTC()).Order("check_at, id").Limit(limit).Find(&ts).Error
}

// ClaimTemplate moves the time at which the provider is asked about t on from what was
// read, so that of several processes one asks. It says whether it was this one.
func (db *DB) ClaimTemplate(ctx context.Context, t Template, next time.Time) (bool, error) {
	res := db.write(ctx).Model(&Template{}).Where("id = ? AND check_at = ?", t.ID, t.CheckAt).Update("check_at", next.UTC())
	return res.RowsAffected > 0, res.Error
}

// HastenTemplate has the provider asked about a registered template at now.
func (db *DB) HastenTemplate(ctx context.Context, senderID int64, code string, now time.Time) error {
	return db.write(ctx).Model(&Template{}).Where("sender_id = ? AND code = ? AND state = ?", senderID, code, TemplateRegistered).
		Update("check_at", now.UTC()).Error
}

// TroubledTemplate is a registered template that the provider has blocked or knows no
// more, and the campaigns that would be sent with it.
type TroubledTemplate struct {
	Template

	Sender    string // its PlusFriendID
	Endangers []Campaign
}

// TroubledTemplates are such templates of a team, at most limit, those first of which
// that was found out last.
func (db *DB) TroubledTemplates(ctx context.Context, teamID int64, limit int) ([]TroubledTemplate, error) {
	var ts []Template
	err := db.read(ctx).Where("team_id = ? AND state = ? AND archived_at IS NULL AND (kakao_status = ? OR problem LIKE ?)",
		teamID, TemplateRegistered, kakao.TemplateBlocked, `%"registration.gone"%`).
		Order("checked_at DESC, id DESC").Limit(limit).Find(&ts).Error
	if err != nil || len(ts) == 0 {
		return nil, err
	}
	found, ids := make([]TroubledTemplate, len(ts)), make([]int64, len(ts))
	for i, t := range ts {
		found[i].Template, ids[i] = t, t.SenderID
	}
	names, err := listed(ctx, db, ids, func(s Sender) (int64, string) { return s.ID, s.PlusFriendID })
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i].Sender = names[found[i].SenderID]
		if found[i].Endangers, err = db.endangeredBy(ctx, found[i].Template); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// endangeredBy are the campaigns that would be sent with a registered template, the
// newest first.
func (db *DB) endangeredBy(ctx context.Context, t Template) ([]Campaign, error) {
	var cs, found []Campaign
	err := db.read(ctx).Raw("SELECT c.id, c.appkey_id, c.name, c.state, c.sender_id, c.scheduled_at, c.content FROM campaigns c WHERE c.channel = ? AND c.sender_id = ? AND "+
		endangeredSQL+" ORDER BY c.id DESC"+limitTo(maxEndangered), t.Channel, t.SenderID).Scan(&cs).Error
	for _, c := range cs {
		if c.Content.TemplateCode == t.Code {
			found = append(found, c)
		}
	}
	return found, err
}
