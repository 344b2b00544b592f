package actions

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/riverqueue/river"

	"soshik/internal/kakao"
	"soshik/models"
)

// AudienceFrom is what an audience is made or changed with: one of its fields is set.
type AudienceFrom struct {
	Pasted    models.Pasted
	Audiences []int64 // their ids
	Results   models.Source
}

// Kind is which field is set.
func (f AudienceFrom) Kind() models.AudienceSource {
	switch {
	case f.Results.CampaignID != 0:
		return models.SourceResults
	case len(f.Audiences) > 0:
		return models.SourceAudiences
	}
	return models.SourcePasted
}

func audienceEvent(action string, a models.Audience) models.Event {
	return models.Event{Action: action, TeamID: a.TeamID, ObjectType: "audience", ObjectID: a.ID, ObjectName: kakao.MaskPhones(a.Name)}
}

// CreateAudience makes a named audience. Who is pasted is in it at once; what comes of
// other audiences or of a campaign is put in by a job.
func (s *Service) CreateAudience(ctx context.Context, by models.Actor, teamID int64, in models.NewAudience, from AudienceFrom) (a models.Audience, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return a, err
	}
	sources, numbers, err := s.sources(ctx, teamID, from)
	if err := allFields(in.Validate(), err); err != nil {
		return a, err
	}
	a = models.Audience{
		TeamID: teamID, Name: in.Name, Source: from.Kind(), Origin: origin(sources), CreatedBy: by.User.ID, CreatedAt: s.Now(),
	}
	e := audienceEvent("audience.create", a)
	after := map[string]any{"source": a.Source, "origin": kakao.MaskPhones(a.Origin), "numbers": len(numbers.Phones)}
	if a.Source == models.SourceResults {
		after["parts"], after["codes"] = from.Results.Parts, from.Results.Codes
	}
	e.After = after
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateAudience(ctx, &a); err != nil {
			return err
		}
		e.ObjectID = a.ID
		if len(sources) == 0 {
			a.Size = int64(len(numbers.Phones))
			return putNumbers(ctx, tx, a.ID, numbers)
		}
		return s.beginWork(ctx, tx, models.AudienceWork{TeamID: teamID, AudienceID: a.ID, Kind: models.WorkAppend, Sources: sources, AskedBy: by.User.ID})
	})
	return a, conflictBeside(err, "name")
}

// putNumbers puts numbers into an audience that is empty.
func putNumbers(ctx context.Context, tx *models.DB, audienceID int64, numbers models.Numbers) error {
	rs := make([]models.Recipient, len(numbers.Phones))
	for i, phone := range numbers.Phones {
		rs[i] = models.Recipient{Phone: phone, Vars: "{}"}
	}
	n, err := tx.PutRecipients(ctx, audienceID, rs)
	if err != nil {
		return err
	}
	return tx.SetAudienceSize(ctx, audienceID, n)
}

// origin is what an audience is made of, by name.
func origin(sources []models.Source) string {
	names := make([]string, len(sources))
	for i, source := range sources {
		names[i] = source.Name
	}
	text := []rune(strings.Join(names, ", "))
	return string(text[:min(len(text), maxOrigin)])
}

const maxOrigin = 300 // characters

// sources are what is read, or the numbers that are pasted.
func (s *Service) sources(ctx context.Context, teamID int64, from AudienceFrom) (sources []models.Source, numbers models.Numbers, err error) {
	switch from.Kind() {
	case models.SourceResults:
		source, err := s.resultSource(ctx, teamID, from.Results)
		return []models.Source{source}, numbers, err
	case models.SourceAudiences:
		sources, err = s.audienceSources(ctx, teamID, from.Audiences)
		return sources, numbers, err
	}
	numbers, err = from.Pasted.Parse()
	return nil, numbers, err
}

func (s *Service) resultSource(ctx context.Context, teamID int64, source models.Source) (models.Source, error) {
	c, err := s.DB.TeamCampaign(ctx, teamID, source.CampaignID)
	if err != nil {
		return source, err
	}
	if c.State.Unlaunched() || c.ErasedAt != nil {
		return source, withField(nil, "campaign", "audience.no_results")
	}
	source.Name = c.Name
	source.Parts = slices.DeleteFunc(slices.Clone(source.Parts), func(p models.Part) bool { return !p.Own() })
	if len(source.Parts) == 0 && len(source.Codes) == 0 {
		return source, withField(nil, "part", "audience.choose_results")
	}
	return source, nil
}

func (s *Service) audienceSources(ctx context.Context, teamID int64, ids []int64) ([]models.Source, error) {
	as, err := s.DB.AudiencesWith(ctx, teamID, ids)
	if err != nil {
		return nil, err
	}
	var sources []models.Source
	for _, a := range as {
		if a.ErasedAt == nil {
			sources = append(sources, models.Source{AudienceID: a.ID, Name: a.Name})
		}
	}
	if len(sources) == 0 {
		return nil, withField(nil, "audience", "audience.choose")
	}
	return sources, nil
}

// ChangeAudience appends to an audience, takes away from it, or replaces all of it.
func (s *Service) ChangeAudience(ctx context.Context, by models.Actor, a models.Audience, kind models.WorkKind, from AudienceFrom) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	if !slices.Contains([]models.WorkKind{models.WorkAppend, models.WorkReplace, models.WorkSubtract}, kind) {
		return withField(nil, "kind", "field.choose")
	}
	from.Audiences = slices.DeleteFunc(slices.Clone(from.Audiences), func(id int64) bool { return id == a.ID })
	sources, numbers, err := s.sources(ctx, a.TeamID, from)
	if err != nil {
		return err
	}
	if kind == models.WorkReplace && len(sources) > 1 {
		return withField(nil, "audience", "audience.replace_one")
	}
	e := audienceEvent("audience.change", a)
	e.After = map[string]any{"kind": kind, "origin": kakao.MaskPhones(origin(sources)), "numbers": len(numbers.Phones)}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		if len(sources) == 0 {
			staged, err := stage(ctx, tx, a, numbers, s.Now())
			if err != nil {
				return err
			}
			sources = []models.Source{staged}
		}
		return s.beginWork(ctx, tx, models.AudienceWork{TeamID: a.TeamID, AudienceID: a.ID, Kind: kind, Sources: sources, AskedBy: by.User.ID})
	})
}

// SampleAudience makes an audience of n recipients of another, drawn at random. The
// same seed draws the same from the same; 0 is any.
func (s *Service) SampleAudience(ctx context.Context, by models.Actor, of models.Audience, in models.NewAudience, n, seed int64) (a models.Audience, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return a, err
	}
	var outside error
	if n <= 0 || n > of.Size {
		outside = fieldTextError("count", models.T("audience.sample_range", "Max", of.Size))
	}
	if err := allFields(in.Validate(), outside); err != nil {
		return a, err
	}
	if seed == 0 {
		seed = rand.Int64N(999_999) + 1 //nolint:gosec // nothing is secret about it
	}
	a = models.Audience{TeamID: of.TeamID, Name: in.Name, Source: models.SourceSample, Origin: of.Name, CreatedBy: by.User.ID, CreatedAt: s.Now()}
	e := audienceEvent("audience.sample", a)
	e.After = map[string]any{"of": kakao.MaskPhones(of.Name), "count": n, "seed": seed}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateAudience(ctx, &a); err != nil {
			return err
		}
		e.ObjectID = a.ID
		return s.beginWork(ctx, tx, models.AudienceWork{
			TeamID: of.TeamID, AudienceID: a.ID, Kind: models.WorkSample, Sources: []models.Source{{AudienceID: of.ID, Name: of.Name}},
			Sample: n, Seed: seed, AskedBy: by.User.ID,
		})
	})
	return a, conflictBeside(err, "name")
}

// RenameAudience gives an audience another name.
func (s *Service) RenameAudience(ctx context.Context, by models.Actor, a models.Audience, in models.NewAudience) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	if err := in.Validate(); err != nil {
		return err
	}
	e := audienceEvent("audience.rename", a)
	e.Before, e.After = map[string]any{"name": kakao.MaskPhones(a.Name)}, map[string]any{"name": kakao.MaskPhones(in.Name)}
	err := s.change(ctx, by, &e, func(tx *models.DB) error { return tx.SetAudience(ctx, a.ID, map[string]any{"name": in.Name}) })
	return conflictBeside(err, "name")
}

// DeleteAudience removes an audience. Campaigns that took their recipients from it keep
// them; if drafts are among them, it must be said that it is to go anyway.
func (s *Service) DeleteAudience(ctx context.Context, by models.Actor, a models.Audience, anyway bool) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	e := audienceEvent("audience.delete", a)
	e.Before = map[string]any{"size": a.Size, "columns": a.Columns}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		uses, err := tx.AudienceUses(ctx, a.ID, maxUses)
		if err != nil {
			return err
		}
		drafts := slices.ContainsFunc(uses, func(c models.Campaign) bool { return !c.State.Over() })
		if drafts && !anyway {
			return withField(nil, "anyway", "audience.delete_tick")
		}
		if err := tx.SetAudience(ctx, a.ID, map[string]any{"name": ""}); err != nil {
			return err
		}
		if needed, err := tx.AudienceNeeded(ctx, a.ID); err != nil || needed {
			return err
		}
		return s.beginWork(ctx, tx, models.AudienceWork{TeamID: a.TeamID, AudienceID: a.ID, Kind: models.WorkDelete, AskedBy: by.User.ID})
	})
}

// maxUses is how many campaigns that use an audience are looked at.
const maxUses = 200

// ExportAudience records that somebody takes an audience away as a file.
func (s *Service) ExportAudience(ctx context.Context, by models.Actor, a models.Audience) error {
	if err := by.May(models.ViewNumbers); err != nil {
		return err
	}
	e := audienceEvent("audience.export", a)
	e.After = map[string]any{"size": a.Size}
	return s.DB.Audit(ctx, by, e)
}

// TakeAudiences makes the recipients of a draft those of the audiences: a copy, so that
// what becomes of the audiences later changes nothing about the campaign.
func (s *Service) TakeAudiences(ctx context.Context, by models.Actor, c models.Campaign, ids []int64) (w models.AudienceWork, err error) {
	if err := s.mayImport(by, c); err != nil {
		return w, err
	}
	sources, err := s.audienceSources(ctx, c.TeamID, ids)
	if err != nil {
		return w, err
	}
	e := models.Event{
		Action: "campaign.audiences", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		After: map[string]any{"audiences": kakao.MaskPhones(origin(sources))},
	}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		last, found, err := tx.LastCampaignWork(ctx, c.ID)
		if err != nil {
			return err
		}
		if found && last.State == models.WorkRunning {
			return models.Errorf(models.Conflict, "import.another")
		}
		a := models.Audience{TeamID: c.TeamID, CreatedBy: by.User.ID, CreatedAt: s.Now()}
		if err := tx.CreateAudience(ctx, &a); err != nil {
			return err
		}
		w = models.AudienceWork{TeamID: c.TeamID, AudienceID: a.ID, CampaignID: c.ID, Kind: models.WorkAppend, Sources: sources, AskedBy: by.User.ID}
		return s.beginWork(ctx, tx, w)
	})
	return w, err
}

// fieldTextError is about one field of a form.
func fieldTextError(field string, text models.Text) error {
	return &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: map[string]models.Text{field: text}}
}

// beginWork keeps a work and has a job do it, unless one of its audiences is being
// changed already.
func (s *Service) beginWork(ctx context.Context, tx *models.DB, w models.AudienceWork) error {
	if err := s.freeFor(ctx, tx, w); err != nil {
		return err
	}
	for _, source := range w.Sources {
		n, err := tx.CountSource(ctx, source)
		if err != nil {
			return err
		}
		w.Total += n
	}
	now := s.Now()
	w.State, w.CreatedAt, w.WorkedAt = models.WorkRunning, now, now
	if w.Sources == nil {
		w.Sources = []models.Source{}
	}
	if err := tx.CreateAudienceWork(ctx, &w); err != nil {
		return err
	}
	return s.queue(ctx, tx, audienceWorks(), w.ID)
}

// inTheWay reports whether w cannot begin while r runs: both would write the same
// audience, or one would read what the other writes.
func inTheWay(w, r models.AudienceWork) bool {
	if w.AudienceID == r.AudienceID {
		return true
	}
	reads := func(w models.AudienceWork, id int64) bool {
		return slices.ContainsFunc(w.Sources, func(s models.Source) bool { return s.AudienceID == id })
	}
	return reads(w, r.AudienceID) || reads(r, w.AudienceID)
}

// working is for works on audiences, which the sweep takes up again when their process
// has died.
func working() *river.InsertOpts { return &river.InsertOpts{MaxAttempts: 1, Queue: QueueWork} }
