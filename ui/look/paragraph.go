package look

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Paragraph is text without padding that goes on in a new line where it does
// not fit. Its height depends on its width, which it gets before it is asked:
// a layout either asks HeightFor, or resizes it and then asks MinSize.
type Paragraph struct {
	widget.BaseWidget
	text  string
	color fyne.ThemeColorName
	size  fyne.ThemeSizeName
	style fyne.TextStyle
}

// NewParagraph returns a paragraph in small, quiet letters.
func NewParagraph(text string) *Paragraph {
	p := &Paragraph{text: text, color: ColorQuiet, size: theme.SizeNameCaptionText}
	p.ExtendBaseWidget(p)
	return p
}

// Sized sets the size of the letters, and returns the paragraph.
func (p *Paragraph) Sized(size fyne.ThemeSizeName) *Paragraph {
	p.size = size
	return p
}

// Colored sets the colour of the letters, and returns the paragraph.
func (p *Paragraph) Colored(color fyne.ThemeColorName) *Paragraph {
	p.color = color
	return p
}

// Bold makes the letters bold, and returns the paragraph.
func (p *Paragraph) Bold() *Paragraph {
	p.style.Bold = true
	return p
}

// Text returns the whole text.
func (p *Paragraph) Text() string { return p.text }

// SetText shows another text.
func (p *Paragraph) SetText(text string) { p.Set(text, p.color) }

// Set shows another text in another colour.
func (p *Paragraph) Set(text string, color fyne.ThemeColorName) {
	if p.text == text && p.color == color {
		return
	}
	p.text, p.color = text, color
	p.Refresh()
}

// HeightFor is how high the text is at a width; 0 without text.
func (p *Paragraph) HeightFor(width float32) float32 {
	return float32(len(wrap(p.text, width, p.measure))) * p.lineHeight()
}

// AccessibilityLabel is the whole text.
func (p *Paragraph) AccessibilityLabel() string { return p.text }

// AccessibilityRole says that this is text.
func (p *Paragraph) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (p *Paragraph) measure(text string) float32 {
	return fyne.MeasureText(text, themeOf(p).Size(p.size), p.style).Width
}

// lineHeight leaves a little more room than one line of text needs.
func (p *Paragraph) lineHeight() float32 {
	size := themeOf(p).Size(p.size)
	return fyne.MeasureText("X", size, p.style).Height + 1
}

// CreateRenderer is called by Fyne.
func (p *Paragraph) CreateRenderer() fyne.WidgetRenderer {
	r := &paragraphRenderer{paragraph: p, width: -1}
	r.Refresh()
	return r
}

type paragraphRenderer struct {
	paragraph *Paragraph
	lines     []*canvas.Text
	// wrapped is the text that lines were made of, for a width.
	wrapped string
	width   float32
	filled  int
}

func (r *paragraphRenderer) Layout(size fyne.Size) {
	r.fill(size.Width)
	height := r.paragraph.lineHeight()
	for i, line := range r.lines[:r.filled] {
		line.Move(fyne.NewPos(0, float32(i)*height))
		line.Resize(fyne.NewSize(size.Width, height))
	}
}

// fill puts the text into lines of a width.
func (r *paragraphRenderer) fill(width float32) {
	if r.wrapped == r.paragraph.text && r.width == width {
		return
	}
	r.wrapped, r.width = r.paragraph.text, width
	texts := wrap(r.wrapped, width, r.paragraph.measure)
	for len(r.lines) < len(texts) {
		r.lines = append(r.lines, canvas.NewText("", nil))
	}
	r.filled = len(texts)
	for i, line := range r.lines {
		line.Hidden = i >= r.filled
		if !line.Hidden {
			line.Text = texts[i]
		}
	}
	r.color()
}

func (r *paragraphRenderer) color() {
	ink, size := colorOf(r.paragraph, r.paragraph.color), themeOf(r.paragraph).Size(r.paragraph.size)
	for _, line := range r.lines[:r.filled] {
		line.Color, line.TextSize, line.TextStyle = ink, size, r.paragraph.style
		line.Refresh()
	}
}

// MinSize is narrow, and as high as the text is at the present width.
func (r *paragraphRenderer) MinSize() fyne.Size {
	return fyne.NewSize(40, r.paragraph.HeightFor(r.paragraph.Size().Width))
}

func (r *paragraphRenderer) Refresh() {
	r.width = -1
	r.Layout(r.paragraph.Size())
	canvas.Refresh(r.paragraph)
}

func (r *paragraphRenderer) Objects() []fyne.CanvasObject {
	objects := make([]fyne.CanvasObject, 0, r.filled)
	for _, line := range r.lines[:r.filled] {
		objects = append(objects, line)
	}
	return objects
}

func (r *paragraphRenderer) Destroy() {}

// wrap breaks a text into lines of a width: at spaces, and between Chinese
// characters, which need none. A word that is wider than a line goes on in the
// next one.
func wrap(text string, width float32, measure func(string) float32) (lines []string) {
	if text == "" {
		return nil
	}
	for _, paragraph := range strings.Split(text, "\n") {
		line := ""
		for _, part := range parts(paragraph) {
			if line != "" && width > 0 && measure(strings.TrimRight(line+part, " ")) > width {
				lines = append(lines, strings.TrimRight(line, " "))
				line = ""
			}
			line += part
			for width > 0 && measure(strings.TrimRight(line, " ")) > width {
				fits := beginning(line, width, measure)
				if fits == line {
					break
				}
				lines, line = append(lines, fits), line[len(fits):]
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// beginning is as much of a word as a line of a width holds, at least a letter.
func beginning(word string, width float32, measure func(string) float32) string {
	letters := []rune(word)
	fits := 1
	for fits < len(letters) && measure(string(letters[:fits+1])) <= width {
		fits++
	}
	return string(letters[:fits])
}

// notAtStart are the marks that must not begin a line.
const notAtStart = "，。；：、！？）》”’…%"

// notAtEnd are the marks that must not end one.
const notAtEnd = "（《“‘"

// parts splits a text where a line may end; each part keeps the spaces behind it.
func parts(text string) (found []string) {
	letters := []rune(text)
	begin := 0
	for i := 1; i < len(letters); i++ {
		before, after := letters[i-1], letters[i]
		ideographs := (before >= 0x2E80 || after >= 0x2E80) && after != ' ' &&
			!strings.ContainsRune(notAtStart, after) && !strings.ContainsRune(notAtEnd, before)
		if before == ' ' && after != ' ' || ideographs {
			found = append(found, string(letters[begin:i]))
			begin = i
		}
	}
	return append(found, string(letters[begin:]))
}
