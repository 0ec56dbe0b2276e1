"""How the demo page looks."""

# On a phone the parts stand in the order in which they are made: who, the
# basket and the lists with their reasons, the shelf. On a wide screen who and
# the shelf stand at the left. Whole titles below pictures of one size, in as
# many columns as fit.
CSS = """
#layout { display: flex; flex-direction: column; gap: 16px; }
#layout > * { min-width: 0; }
#examples { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; }
@media (min-width: 900px) {
  #layout {
    display: grid; align-items: start;
    grid-template-columns: minmax(260px, 1fr) 2fr;
    grid-template-rows: auto 1fr;
  }
  #who { grid-column: 1; grid-row: 1; }
  #find { grid-column: 1; grid-row: 2; }
  #lists { grid-column: 2; grid-row: 1 / span 2; }
}
.cards .grid-wrap { max-height: none; min-height: 0; overflow: visible; }
.cards .grid-container {
  grid-template-columns: repeat(auto-fill, minmax(108px, 1fr));
  padding-top: 0;
}
.cards .thumbnail-item {
  aspect-ratio: auto; height: 100%; width: 100%;
  display: flex; flex-direction: column;
}
.cards .thumbnail-item img { height: 96px; width: 100%; object-fit: contain; }
.cards .thumbnail-item.selected {
  filter: none; opacity: 1; outline: 3px solid var(--color-accent);
}
.cards .thumbnail-item:hover .caption-label { opacity: 1; }
.cards .caption-label {
  position: static; max-width: none; width: 100%; border: 0;
  white-space: pre-line; text-align: left; font-size: 12px; line-height: 1.25;
  overflow-wrap: anywhere; background: var(--background-fill-primary);
  color: var(--body-text-color);
}
#reason, #reason-2 { font-size: 1.05em; }
#bought .grid-wrap { max-height: 400px; overflow-y: auto; }
#shelf .grid-wrap { max-height: 620px; overflow-y: auto; }
"""

# System fonts: the page asks no other machine for anything.
FONTS = ("system-ui", "sans-serif")
