package models

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"time"
)

// CampaignHash is a SHA-256 over everything that is sent by a campaign or decides it:
// the appkey, channel, sender, content, the bytes of its image, fallback, time and pace, and every
// recipient with their values, in the order of their numbers. Two campaigns of the same
// hash send the same.
type CampaignHash struct {
	sum hash.Hash
	buf []byte
}

// hashed is what a [CampaignHash] covers besides the recipients.
type hashed struct {
	Appkey      string
	BaseURL     string
	Convert     bool
	Channel     Channel
	SenderID    int64
	Sender      string
	SenderKey   string
	Content     Content
	ImageHash   string
	Fallback    Fallback
	ScheduledAt *time.Time
	Pacing      Pacing
}

// NewCampaignHash begins the hash of c, which goes out over k from s. imageHash is that
// of its image's bytes as they are kept, "" without an image.
func NewCampaignHash(c Campaign, k Appkey, s Sender, imageHash string) (*CampaignHash, error) {
	in := hashed{
		Appkey: k.Appkey, BaseURL: k.BaseURL, Convert: k.ConvertToBrand, Channel: c.Channel, SenderID: c.SenderID, Sender: s.PlusFriendID,
		SenderKey: s.SenderKey, Content: c.Content.Trim(), ImageHash: imageHash, Fallback: c.Fallback,
		Pacing: c.Pacing(),
	}
	if c.ScheduledAt != nil {
		in.ScheduledAt = new(c.ScheduledAt.UTC())
	}
	b, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("campaign as JSON: %w", err)
	}
	h := &CampaignHash{sum: sha256.New()}
	h.put(string(b))
	return h, nil
}

// ResumeCampaignHash goes on with a hash of which [CampaignHash.State] was kept.
func ResumeCampaignHash(state []byte) (*CampaignHash, error) {
	sum := sha256.New()
	if err := sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("state of a hash: %w", err)
	}
	return &CampaignHash{sum: sum}, nil
}

// put adds texts in such a way that no two lists of texts are taken for each other.
func (h *CampaignHash) put(texts ...string) {
	h.buf = h.buf[:0]
	for _, s := range texts {
		h.buf = binary.BigEndian.AppendUint64(h.buf, uint64(len(s)))
		h.buf = append(h.buf, s...)
	}
	_, _ = h.sum.Write(h.buf) // a hash never fails
}

// Add takes in the next recipients, in the order of their numbers.
func (h *CampaignHash) Add(rs ...Recipient) {
	for _, r := range rs {
		h.put(r.Phone, r.Vars)
	}
}

// State is what [ResumeCampaignHash] goes on with.
func (h *CampaignHash) State() ([]byte, error) {
	return h.sum.(encoding.BinaryMarshaler).MarshalBinary()
}

// Sum is the hash, hexadecimal.
func (h *CampaignHash) Sum() string { return hex.EncodeToString(h.sum.Sum(nil)) }

// Fingerprint is the same for contents that say the same to people, whoever they go to:
// of the channel, text, buttons and image.
func (c Content) Fingerprint(ch Channel) string {
	c = c.Trim()
	said := struct {
		Channel Channel
		Text    string
		Buttons []Button
		Image   string
		URL     string
		Code    string
	}{Channel: ch, Text: c.Text, Buttons: c.Buttons, URL: c.ImageURL, Code: c.TemplateCode}
	if c.Image != nil {
		said.Image = c.Image.Hash
	}
	b, err := json.Marshal(said)
	if err != nil {
		panic(fmt.Errorf("content as JSON: %w", err)) // cannot fail
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
