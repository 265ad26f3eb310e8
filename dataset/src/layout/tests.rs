//! What folders and names of files are taken for.

use super::*;

fn said(files: &[&str], labels: bool, roles: PathRoles) -> Result<(Said, Notes), Error> {
    let files: Vec<Vec<String>> = files
        .iter()
        .map(|f| f.split('/').map(str::to_owned).collect())
        .collect();
    let mut notes = Notes::default();
    let needed = Needed {
        labels,
        groups: true,
        any_folder: true,
    };
    read(Path::new("d"), &files, needed, roles, &mut notes).map(|s| (s, notes))
}

fn auto(files: &[&str]) -> (String, String, Notes) {
    let (s, notes) = said(files, true, PathRoles::default()).unwrap();
    (s.labels.join(","), s.groups.join(","), notes)
}

#[test]
fn a_folder_is_a_class_and_a_numbered_one_a_person() {
    let (labels, groups, notes) = auto(&["yes/a.wav", "yes/b.wav", "no/a.wav"]);
    assert_eq!((&*labels, &*groups, notes.doubts().len()), ("yes,yes,no", "", 0));
    let both = ["walk/s01/a.csv", "walk/s02/a.csv", "sit/s01/a.csv"];
    let (labels, groups, notes) = auto(&both);
    assert_eq!((&*labels, &*groups), ("walk,walk,sit", "s01,s02,s01"));
    assert!(notes.doubts().is_empty() && notes.readings().len() == 2, "{notes:?}");
    let (labels, groups, _) = auto(&["Subject 1/walk/a.csv", "Subject 2/walk/b.csv", "Subject 2/sit/c.csv"]);
    assert_eq!((&*labels, &*groups), ("walk,walk,sit", "Subject 1,Subject 2,Subject 2"));
    let (labels, groups, _) = auto(&["all/user5/session1/walk/x.csv", "all/user6/session1/sit/x.csv"]);
    assert_eq!((&*labels, &*groups), ("walk,sit", "user5,user6"));
}

#[test]
fn speakers_are_in_the_names_of_speech_commands() {
    let (_, groups, _) = auto(&["yes/ab12_nohash_0.wav", "no/ab12_nohash_1.wav", "no/cd_nohash_0.wav"]);
    assert_eq!(groups, "ab12,ab12,cd");
}

#[test]
fn what_stays_open_is_a_doubt_with_its_options() {
    let files = [
        "anna/walk/1.csv",
        "anna/sit/2.csv",
        "bo/walk/1.csv",
        "bo/sit/2.csv",
        "cy/walk/1.csv",
    ];
    let (labels, groups, notes) = auto(&files);
    assert_eq!((&*labels, &*groups), ("walk,sit,walk,sit,walk", "anna,anna,bo,bo,cy"));
    assert_eq!(
        notes.doubts()[0].option,
        "--label-from folder:2 or --label-from folder:1"
    );
    let roles = PathRoles {
        label: Some(Origin::Folder(Some(1))),
        group: None,
    };
    let (s, notes) = said(&files, true, roles).unwrap();
    assert_eq!(s.labels[0], "anna");
    assert!(notes.doubts().is_empty());
    let (_, _, notes) = auto(&["0/a.csv", "0/b.csv", "1/a.csv"]);
    assert!(notes.doubts()[0].text.contains("may also be people"));
    let (labels, groups, notes) = auto(&["walk/long/1.csv", "sit/chair/1.csv", "sit/sofa/1.csv"]);
    assert_eq!(
        (&*labels, &*groups, notes.doubts().len()),
        ("walk,sit,sit", "long,chair,sofa", 0)
    );
}

#[test]
fn names_of_files_are_the_last_resort() {
    let (labels, groups, notes) = auto(&["walking_01.csv", "walking_02.csv", "sitting01.csv", "sitting (2).csv"]);
    assert_eq!((&*labels, &*groups), ("walking,walking,sitting,sitting", ""));
    assert_eq!(notes.doubts()[0].option, "--label-from file-name:1");
    let (labels, groups, _) = auto(&["s01_walk_1.csv", "s02_walk_1.csv", "s01_sit_1.csv", "s02_sit_2.csv"]);
    assert_eq!((&*labels, &*groups), ("walk,walk,sit,sit", "s01,s02,s01,s02"));
    let (labels, ..) = auto(&[
        "left-right.3r7s.csv",
        "left-right.3r7t.csv",
        "idle.3r7u.csv",
        "idle.3r7v.csv",
    ]);
    assert_eq!(labels, "left-right,left-right,idle,idle");
    let e = said(&["a.csv", "b.csv"], true, PathRoles::default())
        .unwrap_err()
        .to_string();
    assert!(e.contains("labels.csv") && e.contains("--label-from"), "{e}");
    let e = said(&["a.csv", "yes/b.csv"], true, PathRoles::default())
        .unwrap_err()
        .to_string();
    assert!(e.contains("a.csv lies beside folders such as yes"), "{e}");
}

#[test]
fn labels_of_samples_leave_the_folders_for_the_groups() {
    let (s, notes) = said(&["s01/a.csv", "s01/b.csv", "s02/a.csv"], false, PathRoles::default()).unwrap();
    assert_eq!((s.labels.len(), s.groups.join(",")), (0, "s01,s01,s02".into()));
    assert!(notes.readings()[0].contains("2 folders of level 1 (s01, s02)"));
    let (s, _) = said(&["anna/a.csv", "bo/a.csv"], false, PathRoles::default()).unwrap();
    assert_eq!(s.groups.join(","), "anna,bo");
}

#[test]
fn what_a_user_says_is_checked() {
    let roles = PathRoles {
        label: Some(Origin::Folder(Some(3))),
        group: None,
    };
    let e = said(&["a/b.csv"], true, roles).unwrap_err().to_string();
    assert!(
        e.contains("label_from") && e.contains("a/b.csv lies in 1 folders"),
        "{e}"
    );
}
