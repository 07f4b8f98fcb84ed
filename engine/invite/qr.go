package invite

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	"rsc.io/qr"
)

// quietZone is the white border that ISO/IEC 18004 wants, in modules.
const quietZone = 4

// Code is a QR code.
type Code struct{ code *qr.Code }

// QR returns the QR code of a text, with error correction level M. An
// invitation is put in capitals, which a QR code holds in fewer modules and
// Parse reads as well. It fails when the text is longer than a QR code can hold
// (about 3390 capitals or 2330 bytes).
func QR(text string) (*Code, error) {
	if capitals := strings.ToUpper(text); strings.HasPrefix(capitals, strings.ToUpper(scheme)) {
		text = capitals
	}
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("invite: no QR code of %d bytes: %w", len(text), err)
	}
	return &Code{code}, nil
}

// Size is the number of modules on a side, without the quiet zone.
func (c *Code) Size() int { return c.code.Size }

// Black reports whether the module at column x and row y is black; it is false
// outside of the code.
func (c *Code) Black(x, y int) bool { return c.code.Black(x, y) }

// Image returns the code with its quiet zone, black on white, each module scale
// pixels wide; a scale below 1 counts as 1.
func (c *Code) Image(scale int) image.Image {
	scale = max(scale, 1)
	side := (c.Size() + 2*quietZone) * scale
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if c.Black(x/scale-quietZone, y/scale-quietZone) {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	return picture
}

// Terminal returns the code with its quiet zone as lines of half blocks, two
// modules above one another in a character. It sets black on white itself, by
// ANSI sequences, because many scanners do not read a code with the colors the
// other way round.
func (c *Code) Terminal() string {
	const blackOnWhite, reset = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
	var text strings.Builder
	for y := -quietZone; y < c.Size()+quietZone; y += 2 {
		text.WriteString(blackOnWhite)
		for x := -quietZone; x < c.Size()+quietZone; x++ {
			text.WriteString(halfBlock(c.Black(x, y), c.Black(x, y+1)))
		}
		text.WriteString(reset + "\n")
	}
	return text.String()
}

func halfBlock(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}
