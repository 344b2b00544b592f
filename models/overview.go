package models

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Scope is what an overview is about: all appkeys of a team, or one of them.
type Scope struct {
	TeamID  int64
	Appkeys []Appkey
}

// ids are the appkeys' ids.
func (s Scope) ids() []int64 {
	ids := make([]int64, len(s.Appkeys))
	for i, k := range s.Appkeys {
		ids[i] = k.ID
	}
	return ids
}

// underway are the states of campaigns that have been launched and are not over: those
// in which somebody has to do something first, then those that go on by themselves.
var underway = []CampaignState{CampaignHeld, CampaignPaused, CampaignPlanning, CampaignSending, CampaignCancelling}

// RunningCampaigns are campaigns of the scope that are under way, at most limit: those
// that need a person first, then the newest. Tests are not among them.
func (db *DB) RunningCampaigns(ctx context.Context, scope Scope, limit int) ([]CampaignRow, error) {
	var cs []Campaign
	// The states are said in so many words for the index of the open ones.
	err := db.read(ctx).Where("appkey_id IN ? AND NOT test AND state IN ? AND state NOT IN ('draft', 'finished', 'cancelled')", scope.ids(), underway).
		Order("CASE state WHEN 'held' THEN 0 WHEN 'paused' THEN 1 ELSE 2 END, id DESC").Limit(limit).Find(&cs).Error
	if err != nil {
		return nil, err
	}
	return db.campaignRows(ctx, cs)
}

// ComingCampaigns are campaigns of the scope whose time is still to come, at most limit,
// the next one first: those that are scheduled, and those that are approved or wait for
// it.
func (db *DB) ComingCampaigns(ctx context.Context, scope Scope, now time.Time, limit int) ([]CampaignRow, error) {
	var cs []Campaign
	err := db.read(ctx).Where("appkey_id IN ? AND NOT test AND state IN ? AND state NOT IN ('draft', 'finished', 'cancelled') AND scheduled_at > ?",
		scope.ids(), []CampaignState{CampaignScheduled, CampaignWaiting, CampaignApproved}, now.UTC()).
		Order("scheduled_at, id").Limit(limit).Find(&cs).Error
	if err != nil {
		return nil, err
	}
	return db.campaignRows(ctx, cs)
}

// OpenCounts are how many campaigns of the scope are in each state that is not over, of
// those that are no drafts and no tests.
func (db *DB) OpenCounts(ctx context.Context, scope Scope) (map[CampaignState]int64, error) {
	var rows []struct {
		State CampaignState
		N     int64
	}
	err := db.read(ctx).Raw(`SELECT state, COUNT(*) AS n FROM campaigns
		WHERE appkey_id IN ? AND NOT test AND state NOT IN ('draft', 'finished', 'cancelled') GROUP BY state`, scope.ids()).Scan(&rows).Error
	counts := make(map[CampaignState]int64, len(rows))
	for _, r := range rows {
		counts[r.State] = r.N
	}
	return counts, err
}

// OldestAwaited is since when the result has been waited for that has been waited for
// the longest in the scope, and the campaign; nil if none is. What the provider still
// holds for a later time is not waited for.
func (db *DB) OldestAwaited(ctx context.Context, scope Scope, now time.Time) (*Awaited, error) {
	var oldest *Awaited
	for _, k := range scope.Appkeys { // one row of the index for each
		var as []Awaited
		err := db.read(ctx).Raw(`SELECT b.campaign_id, c.name AS campaign_name, b.appkey_id, COALESCE(b.request_at, b.handed_at) AS since
			FROM batches b JOIN campaigns c ON c.id = b.campaign_id
			WHERE b.appkey_id = ? AND b.state = 'handed_over' AND `+awaitingSQL+` AND COALESCE(b.request_at, b.handed_at) <= ?
			ORDER BY COALESCE(b.request_at, b.handed_at) LIMIT 1`, k.ID, now.UTC()).Scan(&as).Error
		if err != nil {
			return nil, err
		}
		if len(as) > 0 && (oldest == nil || as[0].Since.Before(oldest.Since.Time)) {
			oldest = &as[0]
		}
	}
	return oldest, nil
}

// Awaited is a result that is waited for.
type Awaited struct {
	CampaignID   int64
	CampaignName string
	AppkeyID     int64
	Since        FlexTime
}

// Campaign is what names the campaign that it is of.
func (a Awaited) Campaign() Campaign {
	return Campaign{ID: a.CampaignID, AppkeyID: a.AppkeyID, Name: a.CampaignName}
}

// SenderToday is what a sender has sent today.
type SenderToday struct {
	Sender
	UsageDay
}

// SendersToday are the senders of the scope that have sent the most FriendTalk messages
// today, by the provider's count, at most limit. A sender that has sent nothing is not
// among them.
func (db *DB) SendersToday(ctx context.Context, scope Scope, now time.Time, limit int) ([]SenderToday, error) {
	var all []SenderToday
	for _, k := range scope.Appkeys {
		ss, err := db.ListedSenders(ctx, k.ID, SenderFilter{Sort: SendersByCount}, now, limit)
		if err != nil {
			return nil, err
		}
		for _, s := range ss {
			if n, known := s.SentToday(now); known && n > 0 {
				all = append(all, SenderToday{Sender: s})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b SenderToday) int { return cmp.Compare(b.SentCount, a.SentCount) })
	all = all[:min(limit, len(all))]
	for i := range all {
		ours, err := db.handedByDay(ctx, all[i].Sender.ID, midnight(now))
		if err != nil {
			return nil, err
		}
		today := midnight(now)
		all[i].UsageDay = UsageDay{Day: today, Ours: ours[today.Format(dayLayout)], Told: true, Friendtalk: int64(all[i].SentCount), Alimtalk: int64(all[i].AlimtalkSentCount)}
	}
	return all, nil
}

// Outcomes are what became of the messages of some days, oldest first, one for each day.
type Outcomes []DayCounts

// Sum is what became of them over all days.
func (o Outcomes) Sum() DayCounts {
	var sum DayCounts
	for _, day := range o {
		sum.Add(day)
	}
	return sum
}

// OutcomesOf are what became of the scope's messages on each of the last days, up to the
// day of now. Days in which nothing did are among them.
func (db *DB) OutcomesOf(ctx context.Context, scope Scope, now time.Time, days int) (Outcomes, error) {
	o, last := make(Outcomes, days), DayOf(now)
	span := UsageSpan{TeamID: scope.TeamID, From: last - Day(days) + 1, To: last}
	if len(scope.Appkeys) == 1 {
		span.AppkeyID = scope.Appkeys[0].ID
	}
	rows, err := db.UsageDays(ctx, span)
	for _, r := range rows {
		o[r.Day-span.From].Add(r.DayCounts)
	}
	return o, err
}

// FailingJobs are jobs of one kind that have failed more than once and are tried again,
// or have been given up in the last days.
type FailingJobs struct {
	Kind    string
	Count   int64
	GivenUp int64 // of Count
}

// FailingJobs are those of the whole installation, by kind. A job that failed once may
// have been cut off by the end of its process, and is not among them.
func (db *DB) FailingJobs(ctx context.Context) ([]FailingJobs, error) {
	var js []FailingJobs
	return js, db.read(ctx).Raw(`SELECT kind, COUNT(*) AS count, SUM(CASE WHEN state = 'discarded' THEN 1 ELSE 0 END) AS given_up
		FROM river_job WHERE state = 'discarded' OR (state = 'retryable' AND attempt > 1) GROUP BY kind ORDER BY kind`).Scan(&js).Error
}
