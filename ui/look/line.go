package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

const ellipsis = "…"

// Line is one line of text without padding. What does not fit ends in an
// ellipsis.
type Line struct {
	widget.BaseWidget
	text  string
	color fyne.ThemeColorName
	size  fyne.ThemeSizeName
	style fyne.TextStyle
	align fyne.TextAlign
	whole bool
}

// NewLine returns a line in the ordinary size and colour.
func NewLine(text string) *Line {
	l := &Line{text: text, color: theme.ColorNameForeground, size: theme.SizeNameText}
	l.ExtendBaseWidget(l)
	return l
}

// NewCaption returns a line in small, quiet letters.
func NewCaption(text string) *Line {
	l := NewLine(text)
	l.color, l.size = ColorQuiet, theme.SizeNameCaptionText
	return l
}

// NewTitle returns a line in bold letters.
func NewTitle(text string) *Line {
	l := NewLine(text)
	l.style.Bold = true
	return l
}

// Aligned sets where the text stands in a wider line, and returns the line.
func (l *Line) Aligned(align fyne.TextAlign) *Line {
	l.align = align
	return l
}

// Sized sets the size of the letters, and returns the line.
func (l *Line) Sized(size fyne.ThemeSizeName) *Line {
	l.size = size
	return l
}

// Monospaced writes the letters equally wide, and returns the line.
func (l *Line) Monospaced() *Line {
	l.style.Monospace = true
	return l
}

// Whole makes the line ask for room for all of its text, and returns the line.
func (l *Line) Whole() *Line {
	l.whole = true
	return l
}

// Text returns the whole text, whatever part of it is seen.
func (l *Line) Text() string { return l.text }

// SetText shows another text.
func (l *Line) SetText(text string) { l.Set(text, l.color) }

// Set shows another text in another colour.
func (l *Line) Set(text string, color fyne.ThemeColorName) {
	if l.text == text && l.color == color {
		return
	}
	l.text, l.color = text, color
	l.Refresh()
}

// AccessibilityLabel is the whole text.
func (l *Line) AccessibilityLabel() string { return l.text }

// AccessibilityRole says that this is text.
func (l *Line) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (l *Line) CreateRenderer() fyne.WidgetRenderer {
	r := &lineRenderer{line: l, text: canvas.NewText("", nil)}
	r.Refresh()
	return r
}

type lineRenderer struct {
	line *Line
	text *canvas.Text
	// fitted is what was last cut to width.
	fitted string
	width  float32
}

func (r *lineRenderer) Layout(size fyne.Size) {
	r.text.Resize(size)
	if r.fitted != r.line.text || r.width != size.Width {
		r.fitted, r.width = r.line.text, size.Width
		r.text.Text = r.cut(size.Width)
	}
	r.text.Refresh()
}

// MinSize is that of an ellipsis, so that a line gives way to its neighbours,
// unless all of the text is wanted.
func (r *lineRenderer) MinSize() fyne.Size {
	if r.line.whole {
		return r.measure(r.line.text)
	}
	short := r.measure(ellipsis)
	if full := r.measure(r.line.text); full.Width < short.Width && r.line.text != "" {
		return full
	}
	return short
}

func (r *lineRenderer) Refresh() {
	r.text.Color = colorOf(r.line, r.line.color)
	r.text.TextSize = themeOf(r.line).Size(r.line.size)
	r.text.TextStyle = r.line.style
	r.text.Alignment = r.line.align
	r.fitted, r.width = "", -1
	r.Layout(r.line.Size())
}

func (r *lineRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.text} }
func (r *lineRenderer) Destroy()                     {}

func (r *lineRenderer) measure(text string) fyne.Size {
	return fyne.MeasureText(text, themeOf(r.line).Size(r.line.size), r.line.style)
}

// cut returns as much of the text as fits, found by halving.
func (r *lineRenderer) cut(width float32) string {
	text := r.line.text
	if width <= 0 || r.measure(text).Width <= width {
		return text
	}
	letters := []rune(text)
	fits, over := 0, len(letters)
	for fits+1 < over {
		middle := (fits + over) / 2
		if r.measure(string(letters[:middle])+ellipsis).Width <= width {
			fits = middle
		} else {
			over = middle
		}
	}
	return string(letters[:fits]) + ellipsis
}

// Width is how wide the whole text is.
func (l *Line) Width() float32 {
	return fyne.MeasureText(l.text, themeOf(l).Size(l.size), l.style).Width
}
