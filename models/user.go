package models

import (
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of what people type about themselves, in characters.
const (
	MaxName     = 60
	MaxEmail    = 200
	MinPassword = 10
	MaxPassword = 200
)

// User is a person who can sign in.
type User struct {
	ID            int64
	Email         string // lower case
	Name          string
	PasswordHash  string `json:"-"` // argon2id; empty until the invitation is taken up
	Locale        string // ko, en, ja; empty: as the browser asks
	Theme         string // light, dark; empty: as the system says
	InstanceAdmin bool
	MailOff       string // topics that the person gets no mail about, separated by commas
	FollowsAll    bool   // is told of all campaigns of their teams
	CreatedAt     time.Time
}

// NewUser is what is filled in to add a person.
type NewUser struct {
	Email string
	Name  string
	Role  Role // in the team that the person is added to
}

// Validate checks the form. The role is checked by who knows the team.
func (in NewUser) Validate() error {
	p := problems{}
	in.validate(p)
	if !in.Role.Valid() {
		p.add("role", "field.choose")
	}
	return p.err()
}

func (in NewUser) validate(p problems) {
	if in.Name == "" {
		p.add("name", "field.required")
	} else if utf8.RuneCountInString(in.Name) > MaxName {
		p.add("name", "field.too_long", "Max", MaxName)
	}
	if !validEmail(in.Email) {
		p.add("email", "field.email")
	}
}

// NewPassword is a password typed twice.
type NewPassword struct {
	Password string
	Repeated string
}

// Validate checks length and repetition.
func (in NewPassword) Validate() error {
	p := problems{}
	in.validate(p)
	return p.err()
}

func (in NewPassword) validate(p problems) {
	switch n := utf8.RuneCountInString(in.Password); {
	case n < MinPassword:
		p.add("password", "field.password_short", "Min", MinPassword)
	case n > MaxPassword:
		p.add("password", "field.too_long", "Max", MaxPassword)
	case in.Password != in.Repeated:
		p.add("repeated", "field.password_differs")
	}
}

// FirstAdmin is what is filled in on the first run.
type FirstAdmin struct {
	Code string // as the log printed it
	NewUser
	NewPassword
	Team string
}

// Validate checks everything but the code.
func (in FirstAdmin) Validate() error {
	p := problems{}
	in.NewUser.validate(p)
	in.NewPassword.validate(p)
	validateName(p, "team", in.Team)
	return p.err()
}

// validateName checks the name of a thing that people name.
func validateName(p problems, field, name string) {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		p.add(field, "field.required")
	case n > MaxName:
		p.add(field, "field.too_long", "Max", MaxName)
	}
}

// NormalEmail is how an address is stored and compared.
func NormalEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= MaxEmail && strings.Contains(s[strings.LastIndex(s, "@"):], ".")
}

// User reads one person.
func (db *DB) User(ctx context.Context, id int64) (u User, err error) {
	err = db.read(ctx).First(&u, id).Error
	return u, dbError(err, "user")
}

// UserByEmail reads the person with that address.
func (db *DB) UserByEmail(ctx context.Context, email string) (u User, err error) {
	err = db.read(ctx).Where("email = ?", NormalEmail(email)).First(&u).Error
	return u, dbError(err, "user")
}

// HasUsers reports whether anybody can sign in at all.
func (db *DB) HasUsers(ctx context.Context) (bool, error) {
	var n int64
	err := db.read(ctx).Model(&User{}).Limit(1).Count(&n).Error
	return n > 0, err
}

// CreateUser adds a person.
func (db *DB) CreateUser(ctx context.Context, u *User) error {
	return dbError(db.write(ctx).Create(u).Error, "user")
}

// SetPassword replaces the person's password and ends all their sessions.
func (db *DB) SetPassword(ctx context.Context, userID int64, hash string) error {
	if err := db.write(ctx).Model(&User{ID: userID}).Update("password_hash", hash).Error; err != nil {
		return err
	}
	return db.write(ctx).Where("user_id = ?", userID).Delete(&Session{}).Error
}

// SetPreferences keeps the person's language and theme.
func (db *DB) SetPreferences(ctx context.Context, userID int64, locale, theme string) error {
	return db.write(ctx).Model(&User{ID: userID}).
		Updates(map[string]any{"locale": locale, "theme": theme}).Error
}
