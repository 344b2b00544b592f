package models

import (
	"context"
	"net"
	"net/url"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// Limits of an appkey's settings.
const (
	MaxAppkey   = 100
	MaxSecret   = MaxAppkey
	MaxBaseURL  = 200
	MaxRate     = 300 // requests a second; the provider answers 429 above
	DefaultRate = 50
)

// Appkey is one NHN Cloud project that a team sends through: its appkey and its
// secret key, which is kept encrypted.
type Appkey struct {
	ID             int64
	TeamID         int64
	Name           string
	Appkey         string
	Secret         []byte `json:"-"` // sealed by a [Keeper]
	BaseURL        string
	SenderVersion  string     // v2.1, v2.0
	ConvertToBrand bool       // send the header that FriendTalk needs since 2025-12-31
	RatePerSecond  int        // requests to the provider
	ForeignSince   *time.Time // since when messages are taken in that other systems send; nil: they are not
	CreatedAt      time.Time
	UpdatedAt      time.Time

	Stop
}

// NewAppkey is what is filled in to add an appkey.
type NewAppkey struct {
	Name           string
	Appkey         string
	Secret         string `json:"-"`
	BaseURL        string // empty: the provider's
	SenderVersion  string
	ConvertToBrand bool
}

// Validate checks what can be known without asking the provider.
func (in NewAppkey) Validate() error {
	p := problems{}
	validateName(p, "name", in.Name)
	in.validateConnection(p)
	return p.err()
}

// ValidateConnection checks what a test of the connection needs.
func (in NewAppkey) ValidateConnection() error {
	p := problems{}
	in.validateConnection(p)
	return p.err()
}

func (in NewAppkey) validateConnection(p problems) {
	validateCredential(p, "appkey", in.Appkey)
	validateCredential(p, "secret", in.Secret)
	if in.BaseURL != "" && !validBaseURL(in.BaseURL) {
		p.add("base_url", "appkey.base_url_wrong")
	}
	if in.SenderVersion != kakao.SenderAPIv21 && in.SenderVersion != kakao.SenderAPIv20 {
		p.add("sender_version", "field.choose")
	}
}

// AppkeySettings is what is filled in to change an appkey. The appkey itself stays:
// another one is another project.
type AppkeySettings struct {
	Name           string `json:"name"`
	Secret         string `json:"-"` // empty: unchanged
	BaseURL        string `json:"base_url"`
	SenderVersion  string `json:"sender_version"`
	ConvertToBrand bool   `json:"convert_to_brand"`
	RatePerSecond  int    `json:"rate_per_second"`
	Foreign        bool   `json:"foreign_messages"` // take in messages that other systems send
}

// Settings are k's present ones, without its secret key.
func (k Appkey) Settings() AppkeySettings {
	return AppkeySettings{
		Name: k.Name, BaseURL: k.BaseURL, SenderVersion: k.SenderVersion,
		ConvertToBrand: k.ConvertToBrand, RatePerSecond: k.RatePerSecond, Foreign: k.ForeignSince != nil,
	}
}

// Validate checks what can be known without asking the provider. Where k would
// send its secret key to another address, the key has to be typed again: who may
// change settings may not thereby read it.
func (in AppkeySettings) Validate(k Appkey) error {
	p := problems{}
	validateName(p, "name", in.Name)
	if in.Secret != "" {
		validateCredential(p, "secret", in.Secret)
	} else if in.BaseURL != k.BaseURL {
		p.add("secret", "appkey.secret_again")
	}
	if !validBaseURL(in.BaseURL) {
		p.add("base_url", "appkey.base_url_wrong")
	}
	if in.SenderVersion != kakao.SenderAPIv21 && in.SenderVersion != kakao.SenderAPIv20 {
		p.add("sender_version", "field.choose")
	}
	if in.RatePerSecond < 1 || in.RatePerSecond > MaxRate {
		p.add("rate", "appkey.rate_wrong", "Max", MaxRate)
	}
	return p.err()
}

// NormalBaseURL is how the address of the API is stored: the provider's where none
// is given, and no slash at the end.
func NormalBaseURL(s string) string {
	if s == "" {
		return kakao.DefaultBaseURL
	}
	return strings.TrimRight(s, "/")
}

// Masked is k's appkey with its middle hidden, for lists.
func (k Appkey) Masked() string { return MaskKey(k.Appkey) }

// validateCredential checks a key that is pasted: visible ASCII, no space inside.
func validateCredential(p problems, field, value string) {
	switch {
	case value == "":
		p.add(field, "field.required")
	case len(value) > MaxAppkey:
		p.add(field, "field.too_long", "Max", MaxAppkey)
	}
	for _, c := range value {
		if c <= ' ' || c > '~' || c == '/' {
			p.add(field, "appkey.characters")
		}
	}
}

// validBaseURL wants HTTPS, except towards this machine itself.
func validBaseURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || len(s) > MaxBaseURL {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// Appkey reads one appkey.
func (db *DB) Appkey(ctx context.Context, id int64) (k Appkey, err error) {
	err = db.read(ctx).First(&k, id).Error
	return k, dbError(err, "appkey")
}

// Appkeys are those of a team, by name.
func (db *DB) Appkeys(ctx context.Context, teamID int64) ([]Appkey, error) {
	var ks []Appkey
	return ks, db.read(ctx).Where("team_id = ?", teamID).Order("name").Find(&ks).Error
}

// AllAppkeys are those of every team, for the jobs.
func (db *DB) AllAppkeys(ctx context.Context) ([]Appkey, error) {
	var ks []Appkey
	return ks, db.read(ctx).Order("id").Find(&ks).Error
}

// CreateAppkey adds an appkey, whose name and appkey have to be new in the team.
func (db *DB) CreateAppkey(ctx context.Context, k *Appkey) error {
	if err := db.refuseTakenAppkey(ctx, *k); err != nil {
		return err
	}
	return dbError(db.write(ctx).Create(k).Error, "appkey")
}

// refuseTakenAppkey says beside which field a name or an appkey belongs that
// another of the team's appkeys has.
func (db *DB) refuseTakenAppkey(ctx context.Context, k Appkey) error {
	var others []Appkey
	err := db.write(ctx).Select("name", "appkey").
		Where("team_id = ? AND id <> ? AND (name = ? OR appkey = ?)", k.TeamID, k.ID, k.Name, k.Appkey).Find(&others).Error
	p := problems{}
	for _, other := range others {
		if other.Name == k.Name {
			p.add("name", "error.exists.appkey_name")
		}
		if other.Appkey == k.Appkey {
			p.add("appkey", "error.exists.appkey")
		}
	}
	if err != nil || len(p) == 0 {
		return err
	}
	return &Error{Kind: Conflict, Key: "error.invalid", Fields: p}
}

// SaveAppkey writes k's settings.
func (db *DB) SaveAppkey(ctx context.Context, k Appkey) error {
	if err := db.refuseTakenAppkey(ctx, k); err != nil {
		return err
	}
	k.UpdatedAt = db.now()
	return dbError(db.write(ctx).Model(&Appkey{ID: k.ID}).
		Select("Name", "Secret", "BaseURL", "SenderVersion", "ConvertToBrand", "RatePerSecond", "ForeignSince", "UpdatedAt").Updates(k).Error, "appkey")
}
