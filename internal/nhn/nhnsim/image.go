package nhnsim

import (
	"fmt"
	"maps"
)

// Image is an uploaded image.
type Image struct {
	Seq  int    `json:"seq"`
	Name string `json:"name"`
	URL  string `json:"url"`
	Wide bool   `json:"wide,omitempty"`
}

// AddImage makes an image known that messages can name by the returned number.
func (s *Sim) AddImage(appkey, name string, wide bool) (int, error) {
	p := s.project(appkey)
	if p == nil {
		return 0, fmt.Errorf("appkey %q is unknown", appkey)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	seq := len(p.images) + 1
	im := Image{Seq: seq, Name: name, URL: fmt.Sprintf("https://mud-kage.kakao.com/dn/sim/%d.jpg", seq), Wide: wide}
	return seq, s.commit(p, entry{Type: entryImage, Appkey: appkey, Image: &im})
}

// putImage replaces the map, since calls under way hold on to the old one.
func (p *project) putImage(im Image) {
	images := maps.Clone(p.images)
	images[im.Seq] = im
	p.images = images
}
