package models

import (
	"fmt"
	"time"
)

// Channel is how messages of one kind are composed, checked, sent, listed and
// cancelled. Its rules for what is composed are in a file of its own here, as
// friendtalk.go; how it is sent is in one of internal/actions.
type Channel string

// The channels.
const (
	FriendTalk Channel = "friendtalk" // messages to the friends of a sender
	BrandTalk  Channel = "brandtalk"  // registered templates, also to others
)

// Channels are all channels.
func Channels() []Channel { return []Channel{FriendTalk, BrandTalk} }

// Limits are how much a message may hold. Lengths are in [kakao.Len] units.
type Limits struct {
	Text       int
	Buttons    int
	ButtonName int
	Link       int // of a button or an image
}

// Traits are what a channel is like, for whoever need not know which one it is.
type Traits struct {
	Fallback    bool // a message that fails can go out by SMS
	HorizonDays int  // how many days ahead a message may be scheduled
	QueryDays   int  // how many days one search at the provider may cover
	ByCreator   bool // the provider finds messages by who has sent them
	ByTemplate  bool // the provider finds messages by the code of a template
}

// rules are what differs between channels in composing.
type rules interface {
	traits() Traits
	// limits of a message, which depend on whether it has an image, and how wide.
	limits(c Content) Limits
	// buttonTypes are the kinds of buttons, the most usual first.
	buttonTypes() []string
	// check finds what is wrong with the content whatever the recipients are.
	check(c Content, p problems)
	// checkSent finds what is wrong with the content of a campaign.
	checkSent(c Content, p problems)
	// length of the text as the limit counts it.
	length(text string) int
	// parameters are how the provider puts values in; nil where that is done here.
	parameters(c Content) *parameters
	// note adds to r what is worth knowing about the campaign c from s that is not
	// wrong in itself, when it is now.
	note(c Campaign, s Sender, now time.Time, r *Report)
	// registers reports what [Channel.Registers] tells.
	registers() bool
	// count is what [Channel.Count] tells.
	count(text string, values map[string]string) int
	// form is what [Channel.Form] tells.
	form() Form
}

// Form says what a message of a channel has besides text, image and buttons.
type Form struct {
	AdSwitch    bool // it may be an advertisement or not; without the switch, it always is one
	Kinds       bool // a message type and a content type
	ImageURL    bool // its image may be one that the provider fetches
	LinkNeeded  bool // an image needs a link
	Unsubscribe bool // it says itself how it is declined
}

func (ch Channel) rules() rules {
	switch ch {
	case FriendTalk:
		return friendTalk{}
	case BrandTalk:
		return brandTalk{}
	}
	panic(fmt.Errorf("no channel %q", ch))
}

// Traits are what the channel is like.
func (ch Channel) Traits() Traits { return ch.rules().traits() }

// Note adds to r what is worth knowing about the campaign c from s that is not wrong
// in itself, when it is now.
func (ch Channel) Note(c Campaign, s Sender, now time.Time, r *Report) {
	ch.rules().note(c, s, now, r)
}

// Limits are how much a message may hold that is composed so far as c.
func (ch Channel) Limits(c Content) Limits { return ch.rules().limits(c) }

// ButtonTypes are the kinds of buttons of the channel, kakao.Button…, the most usual
// first.
func (ch Channel) ButtonTypes() []string { return ch.rules().buttonTypes() }

// Length is how long the text of a message is that has not been put together for
// anybody yet: FriendTalk counts what we send, in which defaults stand in for
// variables; BrandTalk counts the template with its variables.
func (ch Channel) Length(text string) int { return ch.rules().length(text) }

// Registers reports whether a template of the channel belongs to a sender, and is
// the provider's once it has been registered. Others are the team's own.
func (ch Channel) Registers() bool { return ch.rules().registers() }

// Count is how long the text of a message is to be shown as while it is written:
// FriendTalk's with values in the place of its variables, BrandTalk's as it is
// registered.
func (ch Channel) Count(text string, values map[string]string) int {
	return ch.rules().count(text, values)
}

// Form says what a message of the channel has.
func (ch Channel) Form() Form { return ch.rules().form() }

// Check finds what is wrong with c whatever the recipients are, as an error with
// the fields of the form: text, image, image-link, buttons, button-0-name,
// button-0-link and so on, message-type, content-type, unsubscribe and auth.
func (ch Channel) Check(c Content) error {
	p := problems{}
	ch.rules().check(c.Trim(), p)
	return p.err()
}
