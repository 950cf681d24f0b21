//! Every request, with every member that is read.

pub(super) const COMMANDS: [(&str, &str); 25] = [
    ("pong", "{}"),
    ("connect", r#"{"id":1,"connect":{}}"#),
    (
        "connect and go on where the server's subscriptions were",
        r##"{"id":1,"connect":{"subs":{"#17":{"recover":true,"offset":4,"epoch":"kqzm"}}}}"##,
    ),
    (
        "connect, in full",
        r#"{"id":1,"connect":{"token":"t.o.k","data":{"a":1},"name":"js","version":"5.7"}}"#,
    ),
    ("ping", r#"{"id":2,"ping":{}}"#),
    (
        "subscribe",
        r#"{"id":3,"subscribe":{"channel":"job:881","flag":1}}"#,
    ),
    (
        "subscribe, in full",
        r#"{"id":4,"subscribe":{"channel":"job:881","token":"t","data":["é"],"positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","flag":3}}"#,
    ),
    (
        "recover",
        r#"{"id":5,"subscribe":{"channel":"job:881","recover":true,"offset":9007199254740991,"epoch":"ahtd","flag":1}}"#,
    ),
    (
        "subscribe, of another kind",
        r#"{"id":6,"subscribe":{"channel":"a","tf":{"op":"eq"},"type":4}}"#,
    ),
    (
        "unsubscribe",
        r#"{"id":7,"unsubscribe":{"channel":"job:881"}}"#,
    ),
    (
        "publish",
        r#"{"id":8,"publish":{"channel":"chat","data":{"text":"été 😀"}}}"#,
    ),
    (
        "publish nothing",
        r#"{"id":9,"publish":{"channel":"chat"}}"#,
    ),
    ("presence", r#"{"id":10,"presence":{"channel":"crew:7"}}"#),
    (
        "presence_stats",
        r#"{"id":11,"presence_stats":{"channel":"crew:7"}}"#,
    ),
    ("history", r#"{"id":12,"history":{"channel":"job:881"}}"#),
    (
        "history, in full",
        r#"{"id":13,"history":{"channel":"job:881","limit":-1,"since":{"offset":14,"epoch":"ahtd"},"reverse":true}}"#,
    ),
    (
        "history since the beginning",
        r#"{"id":14,"history":{"channel":"job:881","limit":300,"since":{}}}"#,
    ),
    (
        "rpc",
        r#"{"id":15,"rpc":{"method":"hold.place","data":{"n":1.5}}}"#,
    ),
    ("rpc without data", r#"{"id":16,"rpc":{"method":"whoami"}}"#),
    (
        "rpc of text",
        r#"{"id":17,"rpc":{"method":"echo","data":"text"}}"#,
    ),
    ("send", r#"{"send":{"data":[1,2]}}"#),
    ("send, with an id", r#"{"id":18,"send":{}}"#),
    ("refresh", r#"{"id":19,"refresh":{"token":"t"}}"#),
    (
        "sub_refresh",
        r#"{"id":4294967295,"sub_refresh":{"channel":"a","token":"t"}}"#,
    ),
    ("an id alone", r#"{"id":20}"#),
];
