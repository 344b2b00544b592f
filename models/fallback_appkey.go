package models

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"soshik/internal/kakao"
)

// NewFallbackAppkey is what is filled in to connect the SMS service of an appkey.
type NewFallbackAppkey struct {
	SMSAppkey string
	Sure      bool // that the fallback settings of all senders are lost
}

// FallbackService is the SMS service of an appkey as far as its senders tell, and what
// connecting another one destroys.
type FallbackService struct {
	Told      bool       // senders have told of it; sender API v2.0 does not
	Appkeys   []string   // its appkeys as senders tell them: none, one, rarely more; never empty ones
	Losing    int64      // senders with fallback settings
	Senders   []Sender   // the first of them, by name
	Campaigns []Campaign // launched, not over, with fallback on; the oldest first
}

// Harmless reports whether nothing is lost by connecting another service.
func (f FallbackService) Harmless() bool { return f.Losing == 0 && len(f.Campaigns) == 0 }

// Names are the appkeys as they may be shown, "" if there are none.
func (f FallbackService) Names() string {
	names := make([]string, len(f.Appkeys))
	for i, key := range f.Appkeys {
		names[i] = MaskKey(key)
	}
	return strings.Join(names, ", ")
}

// Validate checks what can be known without asking the provider.
func (in NewFallbackAppkey) Validate(f FallbackService) error {
	p := problems{}
	validateCredential(p, "sms_appkey", in.SMSAppkey)
	if !in.Sure && !f.Harmless() {
		p.add("sure", "sender.sms.sure_first")
	}
	return p.err()
}

// FallbackService reads what is known of the SMS service of an appkey, with at most
// limit of the senders that have fallback settings.
func (db *DB) FallbackService(ctx context.Context, appkeyID int64, limit int) (f FallbackService, err error) {
	var told []string
	err = db.read(ctx).Model(&Sender{}).Distinct("resend_appkey").
		Where("appkey_id = ? AND gone_at IS NULL AND api_version NOT IN ?", appkeyID, []string{"", kakao.SenderAPIv20}).
		Order("resend_appkey").Pluck("resend_appkey", &told).Error
	if err != nil {
		return f, err
	}
	f.Told = len(told) > 0
	for _, key := range told {
		if key != "" {
			f.Appkeys = append(f.Appkeys, key)
		}
	}
	set := db.read(ctx).Model(&Sender{}).
		Where("appkey_id = ? AND gone_at IS NULL AND (fallback OR fallback_send_no <> '' OR unsubscribe_no <> '')", appkeyID).
		Session(&gorm.Session{}) // used twice
	if err := set.Count(&f.Losing).Error; err != nil {
		return f, err
	}
	if err := set.Order("plus_friend_id").Limit(limit).Find(&f.Senders).Error; err != nil {
		return f, err
	}
	f.Campaigns, err = db.fallingBack(ctx, appkeyID)
	return f, err
}

// fallingBack are the campaigns of an appkey that are launched and not over, and
// whose failed messages are to go out by SMS.
func (db *DB) fallingBack(ctx context.Context, appkeyID int64) ([]Campaign, error) {
	open := []CampaignState{CampaignPlanning, CampaignScheduled, CampaignSending, CampaignPaused, CampaignHeld}
	var cs, found []Campaign
	err := db.read(ctx).Select(append([]string{"fallback"}, campaignHead...)).
		Where("appkey_id = ? AND state IN ?", appkeyID, open).Order("id").Find(&cs).Error
	for _, c := range cs {
		if c.Fallback.On {
			found = append(found, c)
		}
	}
	return found, err
}

// MaskKey is a key with its middle hidden, of which people know it again.
func MaskKey(key string) string {
	const shown = 4
	runes := []rune(key)
	if len(runes) <= 2*shown {
		return strings.Repeat("•", len(runes))
	}
	return string(runes[:shown]) + "••••" + string(runes[len(runes)-shown:])
}
