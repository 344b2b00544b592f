package models

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm/clause"

	"soshik/internal/kakao"
)

// TemplateState is how far a template has come with the provider. Those of channels
// that register none stay drafts.
type TemplateState string

// The states of a template.
const (
	TemplateDraft       TemplateState = "draft"
	TemplateRegistering TemplateState = "registering" // the provider has been asked, and has not answered
	TemplateRegistered  TemplateState = "registered"  // what it says is the provider's, and fixed
)

// TemplateStates are all states.
func TemplateStates() []TemplateState {
	return []TemplateState{TemplateDraft, TemplateRegistering, TemplateRegistered}
}

// Template is a message that is kept, to make campaigns of. What it says is its
// newest version.
type Template struct {
	ID           int64
	TeamID       int64
	AppkeyID     int64 // that it was made under
	Channel      Channel
	SenderID     int64 // 0: it is the team's, and there under each of its appkeys
	Name         string
	Code         string   // at the provider; empty: none
	Tags         []string `gorm:"serializer:json"` // sorted, see [ParseTags]
	Search       string   // what it is found by; kept by this package
	Content      Content  `gorm:"serializer:json"`
	Version      int      // 0: not saved yet
	State        TemplateState
	KakaoStatus  string     // kakao.Template…; empty: not read yet
	Problem      Text       `gorm:"serializer:json"` // why the last reading failed
	RegisteredAt *time.Time // while registering, when the provider was asked
	CheckedAt    *time.Time // when the provider last told of it
	CheckAt      *time.Time // when the provider is asked about it next; nil: not by itself
	ArchivedAt   *time.Time
	CreatedBy    int64
	UpdatedBy    int64
	CreatedAt    time.Time
	UpdatedAt    time.Time `gorm:"autoUpdateTime:false"` // by a person: what the provider tells is no change
}

// Editable reports whether there can be another version of t; if not, reason says
// why.
func (t Template) Editable() (ok bool, reason Text) {
	switch {
	case t.ArchivedAt != nil:
		return false, T("template.is_archived")
	case t.State != TemplateDraft:
		return false, T("template.is_registered")
	}
	return true, Text{}
}

// Begins reports whether campaigns can be made of t; if not, reason says why.
func (t Template) Begins() (ok bool, reason Text) {
	switch {
	case t.ArchivedAt != nil:
		return false, T("template.begins_archived")
	case t.Version == 0:
		return false, T("template.begins_unsaved")
	}
	return t.Usable()
}

// Sent is what a campaign that is made of t says.
func (t Template) Sent() Content {
	c := t.Content
	c.TemplateCode = t.Code
	return c
}

// Same reports whether t and o say the same under the same name, so that neither is
// another version of the other.
func (t Template) Same(o Template) bool {
	return t.Name == o.Name && t.Content.Same(o.Content)
}

// Same reports whether messages of c and o are the same.
func (c Content) Same(o Content) bool { return reflect.DeepEqual(c.normal(), o.normal()) }

// normal is c as it is when it has been stored and read, in a template.
func (c Content) normal() Content {
	c = c.Trim()
	c.TemplateCode = ""
	if len(c.Buttons) == 0 {
		c.Buttons = nil
	}
	return c
}

// Validate checks the name and what the template says.
func (t Template) Validate() error {
	p := problems{}
	validateName(p, "name", t.Name)
	validateTags(p, t.Tags)
	t.Channel.rules().check(t.Content, p)
	return p.err()
}

// searched is what a template is found by.
func (t Template) searched() string {
	return strings.ToLower(kakao.Composed(strings.Join([]string{t.Name, t.Code, t.Content.Text}, "\n")))
}

// NewTemplate is what is filled in to make a template.
type NewTemplate struct {
	Channel  Channel
	Name     string
	SenderID int64  // of a channel that registers templates
	Sample   string // id of the sample that it begins with; empty: none
}

// Validate checks what can be known without the sender.
func (in NewTemplate) Validate() error {
	p := problems{}
	validateName(p, "name", in.Name)
	if !slices.Contains(Channels(), in.Channel) {
		p.add("channel", "field.choose")
		return p.err()
	}
	if in.Channel.Registers() && in.SenderID == 0 {
		p.add("sender", "field.choose")
	}
	return p.err()
}

// Begin is what a new template of the channel says, before anything has been typed.
// A template of a sender takes over how its messages are declined.
func (in NewTemplate) Begin(sender Sender) Content {
	s, found := SampleWith(in.Sample)
	if !found {
		s.Content.Ad = true
	}
	c := s.In(in.Channel)
	if in.Channel.Registers() {
		c.UnsubscribeNo = sender.UnsubscribeNo
	}
	return c
}

// Named is in with a name: where none was typed, that of its sample.
func (in NewTemplate) Named() NewTemplate {
	if s, found := SampleWith(in.Sample); found && in.Name == "" {
		in.Name = s.Name
	}
	return in
}

// Limits of tags.
const (
	MaxTags = 10 // of a template
	MaxTag  = 20 // characters
)

// ParseTags finds the tags in what was typed, between commas and lines, with or
// without #: sorted, composed, and each once, whether in upper or lower case.
func ParseTags(typed ...string) []string {
	tags := []string{}
	seen := map[string]bool{}
	for _, text := range typed {
		for _, tag := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",，、;\r\n", r) }) {
			tag = strings.Join(strings.Fields(strings.TrimLeft(strings.TrimSpace(kakao.Composed(tag)), "#＃")), " ")
			if key := strings.ToLower(tag); tag != "" && !seen[key] {
				seen[key] = true
				tags = append(tags, tag)
			}
		}
	}
	slices.Sort(tags)
	return tags
}

func validateTags(p problems, tags []string) {
	if len(tags) > MaxTags {
		p.add("tags", "template.tags_many", "Max", MaxTags)
	}
	for _, tag := range tags {
		if utf8.RuneCountInString(tag) > MaxTag {
			p.add("tags", "template.tag_long", "Tag", tag, "Max", MaxTag)
		}
	}
}

// visible are the templates of a team that are there under one of its appkeys: its
// own, and those of the appkey's senders.
const visible = "team_id = ? AND (sender_id = 0 OR appkey_id = ?)"

// Template reads a template that is there under the appkey.
func (db *DB) Template(ctx context.Context, k Appkey, id int64) (t Template, err error) {
	err = db.read(ctx).Where(visible, k.TeamID, k.ID).First(&t, id).Error
	return t, dbError(err, "template")
}

// TemplateByID reads a template for a job.
func (db *DB) TemplateByID(ctx context.Context, id int64) (t Template, err error) {
	err = db.read(ctx).First(&t, id).Error
	return t, dbError(err, "template")
}

// CreateTemplate adds a template. It has no version unless t says so, which is
// written then too.
func (db *DB) CreateTemplate(ctx context.Context, t *Template) error {
	if t.Tags == nil {
		t.Tags = []string{} // not JSON's null
	}
	t.Search = t.searched()
	if err := db.write(ctx).Create(t).Error; err != nil {
		return dbError(err, "template")
	}
	if err := db.tagTemplate(ctx, *t); err != nil || t.Version == 0 {
		return err
	}
	return db.addVersion(ctx, *t, 0)
}

// SaveTemplate makes what t says its next version. t.Version is the one that was
// edited: it fails with [Conflict] when there is a newer one by now, or when the
// template can no longer be edited. restored is the version that is brought back, 0
// for none.
func (db *DB) SaveTemplate(ctx context.Context, t *Template, restored int) error {
	base := t.Version
	t.Version, t.Search = base+1, t.searched()
	res := db.write(ctx).Model(&Template{}).Where("id = ? AND version = ? AND state = ? AND archived_at IS NULL", t.ID, base, TemplateDraft).
		Select("Name", "Tags", "Search", "Content", "Version", "UpdatedBy", "UpdatedAt").Updates(t)
	if res.Error != nil {
		return dbError(res.Error, "template")
	}
	if res.RowsAffected == 0 {
		t.Version = base
		return Errorf(Conflict, "template.changed")
	}
	if err := db.tagTemplate(ctx, *t); err != nil {
		return err
	}
	return db.addVersion(ctx, *t, restored)
}

// TagTemplate gives a template other tags, which is no new version.
func (db *DB) TagTemplate(ctx context.Context, t Template) error {
	err := db.write(ctx).Model(&Template{}).Where("id = ?", t.ID).Select("Tags", "UpdatedBy", "UpdatedAt").Updates(t).Error
	if err != nil {
		return dbError(err, "template")
	}
	return db.tagTemplate(ctx, t)
}

// templateTag is one of a template's tags.
type templateTag struct {
	TemplateID int64
	Tag        string
	TeamID     int64
}

func (templateTag) TableName() string { return "template_tags" }

func (db *DB) tagTemplate(ctx context.Context, t Template) error {
	q := db.write(ctx).Where("template_id = ?", t.ID)
	if len(t.Tags) == 0 {
		return q.Delete(&templateTag{}).Error
	}
	if err := q.Where("tag NOT IN ?", t.Tags).Delete(&templateTag{}).Error; err != nil {
		return err
	}
	rows := make([]templateTag, len(t.Tags))
	for i, tag := range t.Tags {
		rows[i] = templateTag{TemplateID: t.ID, Tag: tag, TeamID: t.TeamID}
	}
	return db.write(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}

// ArchiveTemplate takes a template out of use at a time, or brings it back where
// that is nil. done is false if it was so already.
func (db *DB) ArchiveTemplate(ctx context.Context, t Template, at *time.Time) (done bool, err error) {
	q := db.write(ctx).Model(&Template{}).Where("id = ? AND archived_at IS NULL", t.ID)
	if at == nil {
		q = db.write(ctx).Model(&Template{}).Where("id = ? AND archived_at IS NOT NULL", t.ID)
	}
	res := q.Updates(map[string]any{"archived_at": at, "updated_by": t.UpdatedBy, "updated_at": t.UpdatedAt})
	return res.RowsAffected > 0, dbError(res.Error, "template")
}

// TemplateVersion is a template as it was saved once.
type TemplateVersion struct {
	TemplateID int64 `gorm:"primaryKey"`
	Number     int   `gorm:"primaryKey"` // from 1
	Name       string
	Content    Content `gorm:"serializer:json"`
	Restored   int     // the version that was brought back with it; 0: none
	CreatedBy  int64
	CreatedAt  time.Time
}

func (db *DB) addVersion(ctx context.Context, t Template, restored int) error {
	return dbError(db.write(ctx).Create(&TemplateVersion{
		TemplateID: t.ID, Number: t.Version, Name: t.Name, Content: t.Content, Restored: restored, CreatedBy: t.UpdatedBy, CreatedAt: t.UpdatedAt,
	}).Error, "template")
}

// TemplateVersion reads a version of a template.
func (db *DB) TemplateVersion(ctx context.Context, templateID int64, number int) (v TemplateVersion, err error) {
	err = db.read(ctx).Where("template_id = ? AND number = ?", templateID, number).First(&v).Error
	return v, dbError(err, "template")
}

// VersionRow is a version as a list shows it.
type VersionRow struct {
	TemplateVersion

	By string // who saved it
}

// TemplateVersionRows are at most limit versions of a template, the newest first,
// before the one numbered before (0: from the newest on).
func (db *DB) TemplateVersionRows(ctx context.Context, templateID int64, before, limit int) ([]VersionRow, error) {
	q := db.read(ctx).Where("template_id = ?", templateID)
	if before > 0 {
		q = q.Where("number < ?", before)
	}
	var vs []TemplateVersion
	if err := q.Order("number DESC").Limit(limit).Find(&vs).Error; err != nil {
		return nil, err
	}
	users := make([]int64, len(vs))
	for i, v := range vs {
		users[i] = v.CreatedBy
	}
	names, err := listed(ctx, db, users, func(u User) (int64, string) { return u.ID, u.Name })
	rows := make([]VersionRow, len(vs))
	for i, v := range vs {
		rows[i] = VersionRow{v, names[v.CreatedBy]}
	}
	return rows, err
}

// Origin is the template that a campaign's content was copied from.
type Origin struct {
	Template Template
	Version  int  // that was copied
	Edited   bool // the campaign says something else by now
}

// Newer reports whether the template has changed since.
func (o Origin) Newer() bool { return o.Template.Version > o.Version }

// Origin is what the content of a campaign was copied from; found is false if it was
// not.
func (db *DB) Origin(ctx context.Context, c Campaign) (o Origin, found bool, err error) {
	if c.TemplateID == 0 {
		return o, false, nil
	}
	if o.Template, err = db.TemplateByID(ctx, c.TemplateID); err != nil {
		return o, false, err
	}
	v, err := db.TemplateVersion(ctx, c.TemplateID, c.TemplateVersion)
	o.Version, o.Edited = c.TemplateVersion, !v.Content.Same(c.Content)
	return o, err == nil, err
}
