package nhn

import (
	"context"
	"net/http"
)

// SetFallbackAppkey names the SMS service through which failed messages go out.
// Changing it makes the provider forget the fallback settings of all senders.
//
// POST /friendtalk/v1.5/appkeys/{appkey}/failback/appkey
//
// See docs/provider.md, endpoint 33.
func (c *Client) SetFallbackAppkey(ctx context.Context, smsAppkey string) error {
	r := c.friendTalk(http.MethodPost, "/failback/appkey")
	in := struct {
		ResendAppkey string `json:"resendAppKey"`
	}{smsAppkey}
	if err := r.json(in); err != nil {
		return err
	}
	_, err := call[envelope](ctx, c, r)
	return err
}

// Fallback is how a sender's failed messages go out by SMS.
type Fallback struct {
	PlusFriendID  string `json:"plusFriendId"`
	IsResend      bool   `json:"isResend"`                      // what holds for messages that do not say
	SendNo        string `json:"resendSendNo"`                  // registered with the SMS service; wanted even to turn fallback off
	UnsubscribeNo string `json:"resendUnsubscribeNo,omitempty"` // the 080 number; advertisements do not fall back without
}

// SetFallback sets how a sender's failed messages go out by SMS.
//
// POST /friendtalk/v1.5/appkeys/{appkey}/failback
//
// See docs/provider.md, endpoint 34.
func (c *Client) SetFallback(ctx context.Context, in Fallback) error {
	r := c.friendTalk(http.MethodPost, "/failback")
	if err := r.json(in); err != nil {
		return err
	}
	_, err := call[envelope](ctx, c, r)
	return err
}
