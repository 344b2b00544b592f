package models

import (
	"context"
	"slices"
	"time"

	"soshik/internal/kakao"
)

// MaxStopReason is how long the reason of an emergency stop may be.
const MaxStopReason = 200

// Stop is an emergency stop of a team or an appkey: nothing more is claimed, repeated,
// planned or launched. The zero value is none.
type Stop struct {
	StoppedAt  *time.Time
	StoppedBy  int64
	StopReason string
}

// Stopped reports whether it is one.
func (s Stop) Stopped() bool { return s.StoppedAt != nil }

// NewStop is what is filled in to stop.
type NewStop struct {
	Reason    string
	Confirmed bool
}

// Validate checks the form.
func (in NewStop) Validate() error {
	p := problems{}
	switch {
	case in.Reason == "":
		p.add("reason", "field.required")
	case kakao.Len(in.Reason) > MaxStopReason:
		p.add("reason", "field.too_long", "Max", MaxStopReason)
	}
	if !in.Confirmed {
		p.add("confirmed", "stop.confirm_needed")
	}
	return p.err()
}

// StopTeam stops or, with the zero stop, starts again all appkeys of a team. changed is
// false if it was so already. It must run in a transaction, at the end of which no claim
// under the team is under way.
func (db *DB) StopTeam(ctx context.Context, id int64, stop Stop) (changed bool, err error) {
	if changed, err = db.setStop(ctx, &Team{}, id, stop); err != nil || !changed {
		return false, err
	}
	ks, err := db.Appkeys(ctx, id)
	if err != nil {
		return false, err
	}
	slices.SortFunc(ks, func(a, b Appkey) int { return int(a.ID - b.ID) }) // everybody locks in the same order
	return true, db.LockTurns(ctx, ks)
}

// StopAppkey is [DB.StopTeam] for one appkey.
func (db *DB) StopAppkey(ctx context.Context, k Appkey, stop Stop) (changed bool, err error) {
	if changed, err = db.setStop(ctx, &Appkey{}, k.ID, stop); err != nil || !changed {
		return false, err
	}
	return true, db.LockTurns(ctx, []Appkey{k})
}

func (db *DB) setStop(ctx context.Context, of any, id int64, stop Stop) (changed bool, err error) {
	was := "stopped_at IS NULL"
	if !stop.Stopped() {
		was = "stopped_at IS NOT NULL"
	}
	res := db.write(ctx).Model(of).Where("id = ? AND "+was, id).
		Updates(map[string]any{"stopped_at": stop.StoppedAt, "stopped_by": stop.StoppedBy, "stop_reason": stop.StopReason})
	return res.RowsAffected > 0, res.Error
}

// Stopped reports whether nothing may be claimed under an appkey, since it or its team is
// stopped.
func (db *DB) Stopped(ctx context.Context, appkeyID int64) (stopped bool, err error) {
	err = db.read(ctx).Raw(`SELECT k.stopped_at IS NOT NULL OR t.stopped_at IS NOT NULL FROM appkeys k JOIN teams t ON t.id = k.team_id
		WHERE k.id = ?`, appkeyID).Scan(&stopped).Error
	return stopped, err
}

// StoppableCampaigns are the launched campaigns of a team, or of one of its appkeys, that
// cancelling would still stop something of, the oldest first.
func (db *DB) StoppableCampaigns(ctx context.Context, teamID, appkeyID int64) ([]Campaign, error) {
	q := db.read(ctx).Select(campaignHead).Where("team_id = ? AND state IN ?", teamID, []CampaignState{
		CampaignPlanning, CampaignScheduled, CampaignSending, CampaignPaused, CampaignHeld,
	})
	if appkeyID != 0 {
		q = q.Where("appkey_id = ?", appkeyID)
	}
	var cs []Campaign
	return cs, q.Order("id").Find(&cs).Error
}
