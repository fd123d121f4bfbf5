// Before anything is drawn: the theme that was chosen, so that no page flashes in the other one.
try {
  const theme = localStorage.getItem('ensue.theme');
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme it is.
}
