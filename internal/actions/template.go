package actions

import (
	"context"
	"slices"

	"soshik/models"
)

func templateEvent(action string, k models.Appkey, t models.Template) models.Event {
	return models.Event{
		Action: action, TeamID: t.TeamID, AppkeyID: k.ID, ObjectType: "template", ObjectID: t.ID, ObjectName: t.Name,
	}
}

// keptTemplate is what the audit log keeps of a template.
type keptTemplate struct {
	Version  int            `json:"version,omitempty"`
	Restored int            `json:"restored,omitempty"` // the version that was brought back
	From     string         `json:"from,omitempty"`     // what it was made of
	Name     string         `json:"name"`
	Tags     []string       `json:"tags,omitempty"`
	Content  models.Content `json:"content"`
}

func keptOf(t models.Template) keptTemplate {
	return keptTemplate{Version: t.Version, Name: t.Name, Tags: t.Tags, Content: t.Content}
}

// CreateTemplate makes a template that has no version yet: what it begins with is a
// sample, or nothing.
func (s *Service) CreateTemplate(ctx context.Context, by models.Actor, k models.Appkey, in models.NewTemplate) (models.Template, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return models.Template{}, err
	}
	in = in.Named()
	if err := in.Validate(); err != nil {
		return models.Template{}, err
	}
	var sender models.Sender
	if in.Channel.Registers() {
		if err := s.checkSender(ctx, k.ID, in.SenderID); err != nil {
			return models.Template{}, err
		}
		var err error
		if sender, err = s.DB.Sender(ctx, k.ID, in.SenderID); err != nil {
			return models.Template{}, err
		}
	}
	now := s.Now()
	t := models.Template{
		TeamID: k.TeamID, AppkeyID: k.ID, Channel: in.Channel, SenderID: sender.ID, Name: in.Name, Tags: []string{}, State: models.TemplateDraft,
		Content: in.Begin(sender), CreatedBy: by.User.ID, UpdatedBy: by.User.ID, CreatedAt: now, UpdatedAt: now,
	}
	e := templateEvent("template.create", k, t)
	kept := keptOf(t)
	kept.From = in.Sample
	e.After = kept
	err := s.change(ctx, by, &e, func(tx *models.DB) error {
		err := tx.CreateTemplate(ctx, &t)
		e.ObjectID = t.ID
		return err
	})
	return t, err
}

// SaveTemplate keeps what was typed over before, if all of it is right: as a new
// version, where it says something else, or else only its tags. typed carries the
// version that was edited: when there is a newer one by now, nothing is written. What
// the person had typed and not saved is forgotten.
func (s *Service) SaveTemplate(ctx context.Context, by models.Actor, k models.Appkey, before, typed models.Template) (models.Template, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return typed, err
	}
	if ok, reason := before.Editable(); !ok {
		return typed, models.Errorf(models.Conflict, reason.Key, reason.Args...)
	}
	trimmed := typed
	trimmed.Content = typed.Content.Trim()
	if err := trimmed.Validate(); err != nil {
		return typed, err
	}
	typed = trimmed
	typed.UpdatedBy, typed.UpdatedAt = by.User.ID, s.Now()
	if typed.Version == before.Version && before.Version > 0 && typed.Same(before) {
		return typed, s.tagTemplate(ctx, by, k, before, typed)
	}
	return s.saveVersion(ctx, by, templateEvent("template.save", k, typed), before, typed, 0)
}

func (s *Service) saveVersion(ctx context.Context, by models.Actor, e models.Event, before, typed models.Template, restored int) (models.Template, error) {
	err := s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.SaveTemplate(ctx, &typed, restored); err != nil {
			return err
		}
		kept := keptOf(typed)
		kept.Restored = restored
		e.Before, e.After = keptOf(before), kept
		if restored == 0 {
			if err := tx.ForgetDraft(ctx, by.User.ID, models.PlaceTemplate, typed.ID); err != nil {
				return err
			}
		}
		return tx.UseImage(ctx, models.PlaceTemplate, typed.ID, typed.Content.ImageID())
	})
	return typed, err
}

// tagTemplate keeps only other tags.
func (s *Service) tagTemplate(ctx context.Context, by models.Actor, k models.Appkey, before, typed models.Template) error {
	if slices.Equal(before.Tags, typed.Tags) {
		return s.ForgetDraft(ctx, by, models.PlaceTemplate, typed.ID)
	}
	e := templateEvent("template.tag", k, typed)
	e.Before, e.After = map[string]any{"tags": before.Tags}, map[string]any{"tags": typed.Tags}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.TagTemplate(ctx, typed); err != nil {
			return err
		}
		return tx.ForgetDraft(ctx, by.User.ID, models.PlaceTemplate, typed.ID)
	})
}

// RestoreVersion makes a version of a template its newest one again. current is the
// version that was the newest for the person who asks: when there is a newer one by
// now, nothing is written. A version that says what the newest one says is left alone.
func (s *Service) RestoreVersion(ctx context.Context, by models.Actor, k models.Appkey, t models.Template, number, current int) (models.Template, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return t, err
	}
	if ok, reason := t.Editable(); !ok {
		return t, models.Errorf(models.Conflict, reason.Key, reason.Args...)
	}
	v, err := s.DB.TemplateVersion(ctx, t.ID, number)
	if err != nil {
		return t, err
	}
	back := t
	back.Name, back.Content, back.Version = v.Name, v.Content, current
	if current == t.Version && back.Same(t) {
		return t, nil
	}
	if err := back.Validate(); err != nil {
		return t, err
	}
	back.UpdatedBy, back.UpdatedAt = by.User.ID, s.Now()
	return s.saveVersion(ctx, by, templateEvent("template.restore", k, back), t, back, number)
}

// DuplicateTemplate makes a template under k that says what t says, under the name
// name. It is the appkey's or the team's own, whatever became of t.
func (s *Service) DuplicateTemplate(ctx context.Context, by models.Actor, k models.Appkey, t models.Template, name string) (models.Template, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return t, err
	}
	now := s.Now()
	made := models.Template{
		TeamID: t.TeamID, AppkeyID: k.ID, Channel: t.Channel, SenderID: t.SenderID, Name: name, Tags: t.Tags, Content: t.Content,
		Version: min(t.Version, 1), State: models.TemplateDraft, CreatedBy: by.User.ID, UpdatedBy: by.User.ID, CreatedAt: now, UpdatedAt: now,
	}
	e := templateEvent("template.duplicate", k, made)
	kept := keptOf(made)
	kept.From = t.Name
	e.After = kept
	err := s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateTemplate(ctx, &made); err != nil {
			return err
		}
		e.ObjectID = made.ID
		return tx.UseImage(ctx, models.PlaceTemplate, made.ID, made.Content.ImageID())
	})
	return made, err
}

// BeginCampaign makes a draft under k whose content is a copy of what t says now.
func (s *Service) BeginCampaign(ctx context.Context, by models.Actor, k models.Appkey, t models.Template) (models.Campaign, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return models.Campaign{}, err
	}
	if ok, reason := t.Begins(); !ok {
		return models.Campaign{}, models.Errorf(models.Conflict, reason.Key, reason.Args...)
	}
	senderID, err := s.chooseSender(ctx, k.ID, t.SenderID)
	if err != nil {
		return models.Campaign{}, err
	}
	c := s.newDraft(by, k, t.Name, senderID)
	c.Channel, c.Content, c.TemplateID, c.TemplateVersion = t.Channel, t.Sent(), t.ID, t.Version
	e := models.Event{
		Action: "campaign.from_template", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectName: c.Name, After: keptOf(t),
	}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateCampaign(ctx, &c); err != nil {
			return err
		}
		e.ObjectID = c.ID
		return tx.UseImage(ctx, models.PlaceCampaign, c.ID, c.Content.ImageID())
	})
	return c, err
}

// TakeTemplate replaces the content of a draft by a copy of what t says now. c carries
// the revision that the person has seen.
func (s *Service) TakeTemplate(ctx context.Context, by models.Actor, before, c models.Campaign, t models.Template) (models.Campaign, error) {
	if ok, reason := t.Begins(); !ok {
		return c, models.Errorf(models.Conflict, reason.Key, reason.Args...)
	}
	if t.Channel != c.Channel {
		return c, models.Errorf(models.Invalid, "template.other_channel")
	}
	if t.Channel.Registers() {
		c.SenderID = t.SenderID
	}
	c.Content, c.TemplateID, c.TemplateVersion = t.Sent(), t.ID, t.Version
	return s.SaveDraft(ctx, by, before, c)
}

// ArchiveTemplate takes a template out of use. What was made of it stays.
func (s *Service) ArchiveTemplate(ctx context.Context, by models.Actor, k models.Appkey, t models.Template) error {
	at := s.Now()
	return s.archive(ctx, by, templateEvent("template.archive", k, t), t, func(tx *models.DB, t models.Template) (bool, error) {
		return tx.ArchiveTemplate(ctx, t, &at)
	})
}

// UnarchiveTemplate brings an archived template back.
func (s *Service) UnarchiveTemplate(ctx context.Context, by models.Actor, k models.Appkey, t models.Template) error {
	return s.archive(ctx, by, templateEvent("template.unarchive", k, t), t, func(tx *models.DB, t models.Template) (bool, error) {
		return tx.ArchiveTemplate(ctx, t, nil)
	})
}

func (s *Service) archive(ctx context.Context, by models.Actor, e models.Event, t models.Template, do func(*models.DB, models.Template) (bool, error)) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	was := t.ArchivedAt != nil
	e.Before, e.After = map[string]any{"archived": was}, map[string]any{"archived": !was}
	t.UpdatedBy, t.UpdatedAt = by.User.ID, s.Now()
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		done, err := do(tx, t)
		if err != nil || !done { // somebody else has done it already
			return err
		}
		return tx.Audit(ctx, by, e)
	})
}
