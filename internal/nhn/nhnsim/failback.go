package nhnsim

import (
	"encoding/json"

	"soshik/internal/kakao"
)

// setFallbackAppkey is endpoint 33. Every appkey that is not blank is taken; taking
// one resets the fallback settings of all senders.
func setFallbackAppkey(c *call) reply {
	var in struct {
		ResendAppkey *string `json:"resendAppKey"`
	}
	if json.Unmarshal(c.body, &in) != nil {
		return refuse(kakao.CodeBody)
	}
	if in.ResendAppkey == nil {
		return refuse(kakao.CodeNull, "resendAppKey")
	}
	if blank(*in.ResendAppkey) {
		return refuse(kakao.CodeSMSAppkey)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done(entry{Type: entrySMSAppkey, Appkey: c.appkey, SMS: *in.ResendAppkey}, nil)
}

// setFallback is endpoint 34.
func setFallback(c *call) reply {
	var in struct {
		PlusFriendID  *string `json:"plusFriendId"`
		IsResend      *bool   `json:"isResend"`
		SendNo        *string `json:"resendSendNo"`
		UnsubscribeNo string  `json:"resendUnsubscribeNo"`
	}
	if json.Unmarshal(c.body, &in) != nil {
		return refuse(kakao.CodeBody)
	}
	if bad := firstBad(
		required("plusFriendId", in.PlusFriendID, kakao.MaxPlusFriendID),
		given("isResend", in.IsResend != nil),
		given("resendSendNo", in.SendNo != nil),
	); bad != nil {
		return *bad
	}
	if !validNumber(*in.SendNo) {
		return refuse(kakao.CodeSMSSendNo)
	}
	if in.UnsubscribeNo != "" && !validUnsubscribeNo(in.UnsubscribeNo) {
		return refuse(kakao.CodeUnsubscribeNo)
	}
	return c.setFallback(*in.PlusFriendID, Fallback{*in.IsResend, *in.SendNo, in.UnsubscribeNo})
}

func (c *call) setFallback(plusFriendID string, f Fallback) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sender(plusFriendID)
	switch {
	case s == nil:
		return refuse(kakao.CodeSenderNotFound)
	case !s.Registered:
		return refuse(kakao.CodeSenderInactive)
	case c.smsAppkey == "":
		return refuse(kakao.CodeSMSAppkey)
	}
	changed := s.Sender
	changed.Fallback = f
	return c.done(entry{Type: entrySender, Appkey: c.appkey, Sender: &changed}, nil)
}
