package nhnsim

import "soshik/internal/kakao"

// templateImage is what holds for the image of a BrandTalk template.
func templateImage(wide bool) imageLimits {
	l := friendTalkImage(wide)
	l.bytes, l.minHeight = kakao.MaxTemplateImageBytes, 0
	return l
}

// setTemplateImage gives t the image that was uploaded or named. The simulator has
// no network: a URL stays as it is.
func (c *call) setTemplateImage(in *templateIn, t *Template) *reply {
	if in.file == nil {
		if !webLink(in.Image) {
			return new(refuse(kakao.CodeImageBroken))
		}
		t.ImageURL = in.Image
		return nil
	}
	if code := c.sim.pictures.check(in.file, in.fileName, templateImage(t.MessageType == kakao.TemplateWide)); code != 0 {
		return new(refuse(code, "2MB"))
	}
	file, err := c.sim.pictures.put(in.file)
	if err != nil {
		c.sim.cfg.Log.Error("simulator cannot keep an image", "err", err)
		return new(refuse(codeImageUpload))
	}
	t.ImageName, t.File = in.fileName, file
	return nil
}

// templateImageURL is where the asker of this call finds a template's image.
func (c *call) templateImageURL(t *Template) string {
	if t.File != "" {
		return c.pictureURL(t.File)
	}
	return t.ImageURL
}
