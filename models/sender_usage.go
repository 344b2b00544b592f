package models

import (
	"context"
	"strconv"
	"time"

	"soshik/internal/kakao"
)

// dayLayout is how a day is written where it is stored.
const dayLayout = "2006-01-02"

// SenderDay is what a sender has sent on a day, as the provider counted it when it
// was last asked that day.
type SenderDay struct {
	SenderID   int64  `gorm:"primaryKey"`
	Day        string `gorm:"primaryKey"` // 2026-12-31, in Korea
	Friendtalk int64  // messages
	Alimtalk   int64  // messages
}

// Day is what the provider counted for s on the day on which s was read.
func (s Sender) Day() SenderDay {
	return SenderDay{
		SenderID: s.ID, Day: s.RefreshedAt.In(kakao.KST).Format(dayLayout),
		Friendtalk: int64(s.SentCount), Alimtalk: int64(s.AlimtalkSentCount),
	}
}

// UsageDay is what a sender has sent on a day in Korea: by campaigns of ours, and as
// the provider counts it.
type UsageDay struct {
	Day        time.Time // its beginning in Korea
	Ours       int64     // FriendTalk messages that campaigns of ours have handed over for that day
	Told       bool      // the provider's counts of the day are known
	Friendtalk int64     // the provider's count
	Alimtalk   int64     // the provider's count
}

// Elsewhere is how many FriendTalk messages the provider counts beyond ours, such as
// those sent from its console. It counts what was sent when it was last asked, so
// there may be more of ours than of its.
func (u UsageDay) Elsewhere() int64 {
	if !u.Told {
		return 0
	}
	return max(0, u.Friendtalk-u.Ours)
}

// SenderUsage is what s has sent on the last days up to that of now, the newest
// first.
func (db *DB) SenderUsage(ctx context.Context, s Sender, now time.Time, days int) ([]UsageDay, error) {
	y, m, d := now.In(kakao.KST).Date()
	since := time.Date(y, m, d-days+1, 0, 0, 0, 0, kakao.KST)
	ours, err := db.handedByDay(ctx, s.ID, since)
	if err != nil {
		return nil, err
	}
	var told []SenderDay
	err = db.read(ctx).Where("sender_id = ? AND day >= ?", s.ID, since.Format(dayLayout)).Find(&told).Error
	if err != nil {
		return nil, err
	}
	if _, fresh := s.SentToday(now); fresh && s.APIVersion != "" {
		told = append(told, s.Day())
	}
	counted := make(map[string]SenderDay, len(told))
	for _, day := range told {
		counted[day.Day] = day
	}
	usage := make([]UsageDay, days)
	for i := range usage {
		day := time.Date(y, m, d-i, 0, 0, 0, 0, kakao.KST)
		count, known := counted[day.Format(dayLayout)]
		usage[i] = UsageDay{day, ours[day.Format(dayLayout)], known, count.Friendtalk, count.Alimtalk}
	}
	return usage, nil
}

// handedByDay is how many messages campaigns have handed over for a sender since,
// by the day in Korea on which they were to go out. What was refused or cancelled is
// not among them. A campaign that ended before since is not looked at.
func (db *DB) handedByDay(ctx context.Context, senderID int64, since time.Time) (map[string]int64, error) {
	day := "date(COALESCE(b.request_at, b.handed_at), '+9 hours')"
	if db.Dialect() == Postgres {
		day = "to_char(COALESCE(b.request_at, b.handed_at) AT TIME ZONE 'Asia/Seoul', 'YYYY-MM-DD')"
	}
	var rows []struct {
		Day string
		N   int64
	}
	err := db.read(ctx).Raw(`SELECT `+day+` AS day, SUM(b.size - b.skipped - b.refused - b.cancelled) AS n
		FROM campaigns c JOIN batches b ON b.campaign_id = c.id
		WHERE c.sender_id = ? AND c.channel = ? AND c.launched_at IS NOT NULL AND (c.finished_at IS NULL OR c.finished_at >= ?)
			AND b.handed_at IS NOT NULL AND COALESCE(b.request_at, b.handed_at) >= ?
		GROUP BY 1`, senderID, FriendTalk, since.UTC(), since.UTC()).Scan(&rows).Error
	handed := make(map[string]int64, len(rows))
	for _, r := range rows {
		handed[r.Day] = r.N
	}
	return handed, err
}

// campaignHead is what names a campaign and says where it stands.
var campaignHead = []string{"id", "appkey_id", "name", "state", "sender_id", "test", "scheduled_at", "launched_at", "finished_at", "created_at"}

// SenderCampaigns are campaigns that use a sender: those that are not over first,
// then the newest, at most limit. A test counts until it is over. Of each only what
// names it and says where it stands is read.
func (db *DB) SenderCampaigns(ctx context.Context, senderID int64, limit int) (cs []Campaign, err error) {
	err = db.read(ctx).Select(campaignHead).Where("sender_id = ? AND (NOT test OR state NOT IN ?)", senderID, []CampaignState{CampaignFinished, CampaignCancelled}).
		Order("CASE WHEN state IN ('finished', 'cancelled') THEN 1 ELSE 0 END, id DESC").Limit(limit).Find(&cs).Error
	return cs, err
}

// breaking are the states of campaigns that need their sender still.
var breaking = []CampaignState{CampaignDraft, CampaignWaiting, CampaignApproved, CampaignPlanning, CampaignScheduled, CampaignSending, CampaignPaused, CampaignHeld}

// BreakingCampaigns are those that cannot go on without a sender, the oldest first.
// Of each only what names it and says where it stands is read.
func (db *DB) BreakingCampaigns(ctx context.Context, senderID int64) (cs []Campaign, err error) {
	err = db.read(ctx).Select(campaignHead).Where("sender_id = ? AND state IN ?", senderID, breaking).Order("id").Find(&cs).Error
	return cs, err
}

// Need names c as one that needs its sender. What goes out needs it otherwise than a
// draft does.
func (c Campaign) Need() string {
	need := strconv.FormatInt(c.ID, 10)
	if !c.State.Unlaunched() {
		need += " launched"
	}
	return need
}

// MarkSenderDeleted notes that a person has had a sender deleted by the provider. The
// row stays, so that its past can be read.
func (db *DB) MarkSenderDeleted(ctx context.Context, id, userID int64, at time.Time) error {
	return dbError(db.write(ctx).Model(&Sender{}).Where("id = ?", id).
		Updates(map[string]any{"gone_at": at, "troubled_at": at, "deleted_by": userID}).Error, "sender")
}
