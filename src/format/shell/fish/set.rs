//! `set`.

use super::call::Reply;
use super::eval::{Eval, Flow};
use super::expand::ITEM_COST;
use super::indexes::indexes;
use super::state::{FishVar, Item, Place, joined};
use crate::format::shell::{Piece, Value};

/// What the options of `set` say.
#[derive(Debug, Default, Clone)]
struct Options {
    local: bool,
    function: bool,
    global: bool,
    universal: bool,
    export: bool,
    unexport: bool,
    path: bool,
    unpath: bool,
    append: bool,
    prepend: bool,
    erase: bool,
    query: bool,
    names: bool,
    show: bool,
}

impl Options {
    fn scopes(&self) -> usize {
        [self.local, self.function, self.global, self.universal].iter().filter(|b| **b).count()
    }

    fn take(&mut self, option: &[u8]) -> bool {
        match option {
            b"l" | b"local" => self.local = true,
            b"f" | b"function" => self.function = true,
            b"g" | b"global" => self.global = true,
            b"U" | b"universal" => self.universal = true,
            b"x" | b"export" => self.export = true,
            b"u" | b"unexport" => self.unexport = true,
            b"path" => self.path = true,
            b"unpath" => self.unpath = true,
            b"a" | b"append" => self.append = true,
            b"p" | b"prepend" => self.prepend = true,
            b"e" | b"erase" => self.erase = true,
            b"q" | b"query" => self.query = true,
            b"n" | b"names" => self.names = true,
            b"S" | b"show" => self.show = true,
            b"L" | b"long" => {}
            _ => return false,
        }
        true
    }
}

const LONG: &[&[u8]] = &[
    b"local",
    b"function",
    b"global",
    b"universal",
    b"export",
    b"unexport",
    b"path",
    b"unpath",
    b"append",
    b"prepend",
    b"erase",
    b"query",
    b"names",
    b"show",
    b"long",
];

/// Variables that only fish sets.
const READ_ONLY: &[&[u8]] = &[
    b"FISH_VERSION",
    b"PWD",
    b"SHLVL",
    b"_",
    b"fish_kill_signal",
    b"fish_killring",
    b"fish_pid",
    b"history",
    b"hostname",
    b"pipestatus",
    b"status",
    b"status_generation",
    b"version",
];

/// Elements split at a byte, as a path variable splits what it is given.
pub(super) fn split_items(items: Vec<Item>, separator: u8) -> Vec<Item> {
    items
        .into_iter()
        .flat_map(|item| item.value.split(separator).into_iter().map(move |value| Item { value, many: item.many }))
        .collect()
}

/// A name and what stands in its brackets.
fn name_and_slice(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|b| *b == b'[') {
        Some(open) => {
            let (name, rest) = text.split_at(open);
            (name, Some(rest.get(1..).unwrap_or_default().strip_suffix(b"]").unwrap_or_default()))
        }
        None => (text, None),
    }
}

fn valid(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|b| super::word::name_byte(*b))
}

impl Eval<'_> {
    pub(super) fn set(&mut self, args: &[Item]) -> Reply {
        let mut options = Options::default();
        let mut rest = args;
        while let Some((first, others)) = rest.split_first() {
            if first.many
                && let Some(name) = others.first().and_then(Item::text).filter(|n| valid(n))
            {
                return self.set_anywhere(&name);
            }
            let Some(text) = first.text() else { break };
            if text == b"--" {
                rest = others;
                break;
            }
            if text.len() < 2 || text.first() != Some(&b'-') {
                break;
            }
            let known = match text.strip_prefix(b"--") {
                Some(long) => {
                    let fits: Vec<_> = LONG.iter().filter(|l| l.starts_with(long)).collect();
                    match (&fits[..], LONG.contains(&long)) {
                        (_, true) => options.take(long),
                        ([one], _) => options.take(one),
                        _ => false,
                    }
                }
                None => text.iter().skip(1).all(|b| options.take(&[*b])),
            };
            if !known {
                // `-h` among them: it prints its manual.
                return Reply::Status(2);
            }
            rest = others;
        }
        let o = &options;
        if (o.query && (o.erase || o.names))
            || (o.erase && (o.names || o.export || o.unexport))
            || (o.scopes() > 1 && !o.erase)
            || (o.export && o.unexport)
            || (o.path && o.unpath)
        {
            return Reply::Status(2);
        }
        if o.show || o.names || (rest.is_empty() && !o.query && !o.erase) {
            let at = self.at();
            self.state.print(&Value::unknown(Some(&at)));
            return Reply::Keep;
        }
        if o.query {
            return self.set_query(o, rest);
        }
        if o.erase {
            return self.set_erase(o, rest);
        }
        self.set_values(o, rest)
    }

    /// The variable in the scope that the options name.
    fn seen(&self, o: &Options, name: &[u8]) -> Option<FishVar> {
        let var = if o.scopes() == 0 {
            self.lookup(name)
        } else if o.universal {
            self.state.universal.get(name).cloned()
        } else if o.global {
            self.state.globals.get(name).cloned().or_else(|| READ_ONLY.contains(&name).then(|| self.lookup(name)).flatten())
        } else if o.function {
            let scope = self.state.function_scope();
            self.state.scopes.get(scope).and_then(|s| s.vars.get(name)).cloned()
        } else {
            self.state.visible().find_map(|i| self.state.scopes.get(i)?.vars.get(name).cloned())
        };
        let var = match var {
            None if self.state.strange && o.scopes() > 0 && !o.local && !name.starts_with(b"_flag_") => {
                Some(FishVar::unknown(Some(&self.at())))
            }
            var => var,
        }?;
        match var.exported {
            Some(false) if o.export => None,
            Some(true) if o.unexport => None,
            None if o.export || o.unexport => Some(FishVar { certain: false, ..var }),
            _ if o.path && !var.path => None,
            _ if o.unpath && var.path => None,
            _ => Some(var),
        }
    }

    fn set_query(&mut self, o: &Options, names: &[Item]) -> Reply {
        if names.is_empty() {
            return Reply::Status(255);
        }
        let mut missing = 0u32;
        for item in names {
            let Some(text) = item.text() else { return Reply::Unsure };
            let (name, slice) = name_and_slice(&text);
            let var = self.seen(o, name);
            match (var, slice) {
                (Some(var), _) if !var.certain => return Reply::Unsure,
                (Some(_), None) => {}
                (None, None) => missing += 1,
                (var, Some(slice)) => {
                    let items = var.map(|v| v.items).unwrap_or_default();
                    let many = items.iter().any(|i| i.many);
                    let sure = items.iter().filter(|i| !i.many).count();
                    let Some(wanted) = indexes(slice, items.len()) else { return Reply::Status(1) };
                    for (index, from_end) in wanted {
                        let index = usize::try_from(index).unwrap_or(0);
                        if many && (from_end || index > sure) {
                            return Reply::Unsure;
                        }
                        missing += u32::from(index < 1 || index > items.len());
                    }
                }
            }
        }
        Reply::Status(u8::try_from(missing).unwrap_or(255))
    }

    fn set_erase(&mut self, o: &Options, names: &[Item]) -> Reply {
        if names.is_empty() {
            return Reply::Status(2);
        }
        let mut status = 0;
        let mut unsure = false;
        for item in names {
            let Some(text) = item.text() else {
                if let Some(flow) = self.set_somewhere(o, item) {
                    return Reply::Flow(flow);
                }
                unsure = true;
                continue;
            };
            let (name, slice) = name_and_slice(&text);
            if !valid(name) {
                return Reply::Status(2);
            }
            if READ_ONLY.contains(&name) {
                status = 2;
                continue;
            }
            if let Some(slice) = slice {
                let Some(var) = self.seen(o, name) else { return Reply::Status(1) };
                let items = if !var.certain || var.items.iter().any(|i| i.many) {
                    vec![Item::unknown(Some(&self.at()))]
                } else {
                    let Some(wanted) = indexes(slice, var.items.len()) else { return Reply::Status(1) };
                    let gone = |i: usize| wanted.iter().any(|(w, _)| usize::try_from(*w).is_ok_and(|w| w == i + 1));
                    var.items.iter().enumerate().filter(|(i, _)| !gone(*i)).map(|(_, item)| item.clone()).collect()
                };
                let place = self.target(o, name);
                if let Some(flow) = self.put(place, o, name, items, true) {
                    return Reply::Flow(flow);
                }
                continue;
            }
            let mut places = Vec::new();
            if o.scopes() == 0 {
                places.push(self.state.place(name));
            }
            if o.local || o.function {
                let seen = self.state.visible().find(|i| self.state.scopes.get(*i).is_some_and(|s| s.vars.contains_key(name)));
                places.extend(seen.map(Place::Scope));
            }
            if o.global {
                places.push(Place::Global);
            }
            if o.universal {
                places.push(Place::Universal);
            }
            let removed: Vec<FishVar> = places.into_iter().filter_map(|p| self.state.table(p)?.remove(name)).collect();
            unsure |= removed.iter().any(|v| !v.certain) || (removed.is_empty() && self.state.strange);
            if removed.is_empty() {
                status = 4;
            } else {
                let flow = self.changed(name, true);
                if !flow.goes_on() {
                    return Reply::Flow(flow);
                }
            }
        }
        if unsure { Reply::Unsure } else { Reply::Status(status) }
    }

    /// An element at an unknown place of a known variable, or an unknown variable.
    fn set_somewhere(&mut self, o: &Options, item: &Item) -> Option<Flow> {
        if let Some(Piece::Text(text, _)) = item.value.pieces().first()
            && let (name, Some(_)) = name_and_slice(text)
            && valid(name)
        {
            let place = self.target(o, name);
            let at = self.at();
            return self.put(place, o, name, vec![Item::unknown(Some(&at))], true);
        }
        self.forget("which variable `set` touches".to_owned());
        None
    }

    /// A known variable with unknown options: `set $scope fish_user_paths …`.
    fn set_anywhere(&mut self, name: &[u8]) -> Reply {
        let at = self.at();
        self.note(format!("how `{}` is set", String::from_utf8_lossy(name)));
        let mut places: Vec<Place> = self.state.visible().map(Place::Scope).collect();
        places.extend([Place::Global, Place::Universal]);
        for place in places {
            let fixed = matches!(place, Place::Scope(_));
            if let Some(table) = self.state.table(place) {
                let path = table.get(name).map_or(name.ends_with(b"PATH"), |v| v.path);
                if !fixed || table.contains_key(name) {
                    table.insert(name.to_vec(), FishVar { path, ..FishVar::unknown(Some(&at)) });
                }
            }
        }
        match self.changed(name, false) {
            Flow::Normal => Reply::Unsure,
            flow => Reply::Flow(flow),
        }
    }

    fn target(&mut self, o: &Options, name: &[u8]) -> Place {
        if o.universal {
            Place::Universal
        } else if o.global {
            Place::Global
        } else if o.local {
            Place::Scope(self.state.scopes.len().saturating_sub(1))
        } else if o.function {
            Place::Scope(self.state.function_scope())
        } else {
            self.state.place(name)
        }
    }

    fn set_values(&mut self, o: &Options, args: &[Item]) -> Reply {
        let Some((first, values)) = args.split_first() else { return Reply::Status(2) };
        let Some(text) = first.text() else {
            return match self.set_somewhere(o, first) {
                Some(flow) => Reply::Flow(flow),
                None => Reply::Unsure,
            };
        };
        let (name, slice) = name_and_slice(&text);
        if !valid(name) {
            return Reply::Status(2);
        }
        if READ_ONLY.contains(&name) {
            return Reply::Status(1);
        }
        let at = self.at();
        let items = if let Some(slice) = slice {
            if o.append || o.prepend {
                return Reply::Status(2);
            }
            let mut items = self.seen(o, name).map(|v| v.items).unwrap_or_default();
            if items.iter().any(|i| i.many) || values.iter().any(|i| i.many) {
                vec![Item::unknown(Some(&at))]
            } else {
                let Some(wanted) = indexes(slice, items.len()) else { return Reply::Status(2) };
                if wanted.iter().any(|(i, _)| *i <= 0 || *i > 4096) || wanted.len() != values.len() {
                    return Reply::Status(2);
                }
                for ((index, _), value) in wanted.iter().zip(values) {
                    let index = usize::try_from(*index).unwrap_or(1) - 1;
                    if index >= items.len() {
                        items.resize(index + 1, Item::one(Value::new()));
                    }
                    if let Some(slot) = items.get_mut(index) {
                        *slot = value.clone();
                    }
                }
                items
            }
        } else {
            let mut items = values.to_vec();
            if o.append || o.prepend {
                let old = self.lookup(name).map(|v| v.items).unwrap_or_default();
                items = match (o.prepend, o.append) {
                    (true, true) => [values, &old, values].concat(),
                    (true, false) => [values, &old].concat(),
                    _ => [&old, values].concat(),
                };
            }
            items
        };
        let place = self.target(o, name);
        match self.put(place, o, name, items, false) {
            Some(flow) => Reply::Flow(flow),
            None => Reply::Keep,
        }
    }

    /// Puts the elements of a variable in a place, and tells those that watch it.
    fn put(&mut self, place: Place, o: &Options, name: &[u8], items: Vec<Item>, keep: bool) -> Option<Flow> {
        let at = self.at();
        let auto = name.ends_with(b"PATH");
        let near = self
            .state
            .visible()
            .find_map(|i| self.state.scopes.get(i)?.vars.get(name).map(|v| v.path))
            .or_else(|| self.state.globals.get(name).map(|v| v.path));
        let old = self.state.table(place).and_then(|t| t.get(name)).cloned();
        let inherited = if place == Place::Universal { old.as_ref().map(|v| v.path) } else { near };
        let path = if o.path {
            true
        } else if o.unpath {
            false
        } else {
            inherited.unwrap_or(auto)
        };
        let exported = if o.export && !keep {
            Some(true)
        } else if o.unexport && !keep {
            Some(false)
        } else {
            old.as_ref().map_or(Some(false), |v| v.exported)
        };
        let items = if path { split_items(items, b':') } else { items };
        let cost: usize = items.iter().map(|i| i.value.known_len() + ITEM_COST).sum();
        let items = if self.pay(cost) && cost <= 1 << 20 { items } else { vec![Item::unknown(Some(&at))] };
        let var = FishVar { items, exported, path, at: Some(at), certain: true };
        if let Some(table) = self.state.table(place) {
            table.insert(name.to_vec(), var);
        }
        let flow = self.changed(name, false);
        (!flow.goes_on()).then_some(flow)
    }

    /// Sets a variable as a builtin such as `read` does; `scope` is an option letter of `set`, if any.
    pub(super) fn assign(&mut self, scope: &[&[u8]], name: &[u8], items: Vec<Item>) -> Flow {
        let mut options = Options::default();
        for letter in scope {
            let _ = options.take(letter);
        }
        let place = self.target(&options, name);
        self.put(place, &options, name, items, false).unwrap_or(Flow::Normal)
    }

    /// The variable as programs would get it.
    pub(super) fn value_of(&self, name: &[u8]) -> Option<Value> {
        self.lookup(name).map(|v| joined(&v.items, v.separator()))
    }
}
