//! Judges a module zip.

use super::zip_rules::{
    ZIP_BOMB, ZIP_CRC_MISMATCH, ZIP_FOLDER_ENTRY, ZIP_HASH_MISMATCH, ZIP_HEADERS_DIFFER, ZIP_HIDDEN_DATA, ZIP_MADE_BY_GIT,
    ZIP_NAME_COLLISION, ZIP_NAME_REFUSED, ZIP_SPECIAL_MEMBER, ZIP_TOO_LARGE, ZIP_UNREADABLE,
};
use super::{SumClaims, about, ziphash_path};
use crate::evidence::zip::{ModuleEvidence, ZipEvidence};
use crate::finding::Sink;
use crate::format::zip::{ZipClass, ZipDamage};
use crate::rule::{Level, Rule};

/// How many findings of one rule one zip gives; the last one tells how many more there are.
const MANY: usize = 3;

/// The shapes of a zip, each the matter of one rule.
const SHAPES: [(&Rule, ZipClass); 11] = [
    (&ZIP_UNREADABLE, ZipClass::Unreadable),
    (&ZIP_CRC_MISMATCH, ZipClass::Crc),
    (&ZIP_NAME_REFUSED, ZipClass::Name),
    (&ZIP_NAME_COLLISION, ZipClass::Collision),
    (&ZIP_TOO_LARGE, ZipClass::TooLarge),
    (&ZIP_BOMB, ZipClass::Bomb),
    (&ZIP_HIDDEN_DATA, ZipClass::HiddenData),
    (&ZIP_HEADERS_DIFFER, ZipClass::Headers),
    (&ZIP_SPECIAL_MEMBER, ZipClass::Special),
    (&ZIP_FOLDER_ENTRY, ZipClass::Folder),
    (&ZIP_MADE_BY_GIT, ZipClass::GitComment),
];

/// Whether the zip has a shape that is an error by itself.
pub(super) fn is_refused(evidence: &ModuleEvidence) -> bool {
    let has = |class| evidence.zip.as_ref().is_some_and(|z| z.damage.iter().any(|d| d.class() == class));
    SHAPES.iter().any(|(rule, class)| rule.level == Level::Error && has(*class))
}

/// Judges the zip of a module. Nothing should be told of one that changed while it was read.
pub fn judge(evidence: &ModuleEvidence, zip: &ZipEvidence, claims: &SumClaims, sink: &mut Sink) {
    hash(evidence, zip, claims, sink);
    for rule in SHAPES {
        shape(rule, evidence, zip, sink);
    }
}

/// The computed dirhash against `.ziphash`.
fn hash(evidence: &ModuleEvidence, zip: &ZipEvidence, claims: &SumClaims, sink: &mut Sink) {
    let (Some(computed), Some(claim)) = (zip.h1, &claims.ziphash) else { return };
    if computed == claim.h1 {
        return;
    }
    // A proof that stands by the zip, or a directory that does while nothing is proven, makes the `.ziphash` the liar.
    let tree = evidence.tree.as_ref().and_then(|t| t.h1);
    let zip_is_right = claims.proven.as_ref().map_or(tree == Some(computed), |p| p.h1 == computed);
    let finding = if zip_is_right && claims.proven.is_some() {
        about(
            &ZIP_HASH_MISMATCH,
            &ziphash_path(&zip.path),
            evidence,
            "",
            "claims a sum that is not that of the zip, which is proven intact",
        )
    } else if zip_is_right {
        let message = "is not the zip that its `.ziphash` claims; the extracted directory agrees with it: both or the `.ziphash` were changed";
        about(&ZIP_HASH_MISMATCH, &zip.path, evidence, "", message)
    } else {
        about(&ZIP_HASH_MISMATCH, &zip.path, evidence, "", "is not the zip that its `.ziphash` claims")
    };
    sink.push(finding.claims(claim.h1.to_string(), computed.to_string()).claimed_by(claim.by.clone()));
}

/// One class of damage: the first few, each under its own name.
fn shape((rule, class): (&'static Rule, ZipClass), evidence: &ModuleEvidence, zip: &ZipEvidence, sink: &mut Sink) {
    let of: Vec<&ZipDamage> = zip.damage.iter().filter(|d| d.class() == class).collect();
    let more = zip.damage.more(class) + u64::try_from(of.len().saturating_sub(MANY)).unwrap_or(0);
    let last = of.len().min(MANY).saturating_sub(1);
    for (i, damage) in of.into_iter().take(MANY).enumerate() {
        let part = damage.member().unwrap_or("");
        let mut finding = about(rule, &zip.path, evidence, part, damage.to_string());
        let claims = match damage {
            ZipDamage::WrongCrc(_, claimed, computed) => Some((format!("{claimed:08x}"), format!("{computed:08x}"))),
            ZipDamage::WrongSize(_, claimed, Some(computed)) => Some((claimed.to_string(), computed.to_string())),
            ZipDamage::LocalDiffers(_, _, directory, local) => Some((directory.clone(), local.clone())),
            _ => None,
        };
        if let Some((claimed, computed)) = claims {
            finding = finding.claims(claimed, computed).claimed_by("the zip's own directory");
        }
        if i == last {
            finding.more = more;
        }
        sink.push(finding);
    }
}
