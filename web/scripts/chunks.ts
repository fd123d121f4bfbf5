/**
 * Hides how the console is cut into files. What every screen needs is one, what the feed needs until its rows show is
 * another: two files shrink better than twenty, and come in one go each. The rest is cut as it is loaded.
 */
interface Group {
  name: string;
  test: RegExp;
  priority: number;
  includeDependenciesRecursively?: boolean;
}

/** A file goes to the group of the highest priority, with whatever it imports that has not gone elsewhere. */
export const groups: Group[] = [
  // Svelte's part for forms and sets, which lie behind the same doors as what the first screen needs of it.
  { name: 'sets', test: /svelte\/src\/reactivity\/(map|set)\.js$/, priority: 4, includeDependenciesRecursively: false },
  { name: 'forms', test: /svelte\/src\/internal\/client\/dom\/elements\/bindings\/(select|input)\.js$/, priority: 3, includeDependenciesRecursively: false },
  // What the feed shares with screens that have nothing else of it.
  { name: 'switches', test: /\/src\/parts\/(Segmented|Switch)\.svelte$/, priority: 3, includeDependenciesRecursively: false },
  { name: 'base', test: /\/src\/(main\.ts|shell\/(Screen|Frame)\.svelte|parts\/(Page|Time|Tag)\.svelte)$|elements\/actions\.js$/, priority: 2 },
  // What stands around every screen, and around the feed's rows: loaded beside them, not before.
  { name: 'frame', test: /\/src\/(shell\/(SideBar|TabBar|Band|Keys|PhoneAccount)|parts\/Toaster)\.svelte$/, priority: 0 },
  { name: 'around', test: /\/src\/(screens\/feed\/(Search|Pill|Pills|Controls|Side|FeedKeys)|parts\/Connection)\.svelte$/, priority: 0 },
  { name: 'feed', test: /\/src\/screens\/feed\/(Live|Row)\.svelte$/, priority: 1 },
];
