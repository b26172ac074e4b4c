//! Signatures over `tree::BODY` that no library here makes. Made once with `openssl dgst -sign` and `openssl pkeyutl
//! -sign`; the private keys were thrown away. Public keys are RSAPublicKey in DER, all is base64.

/// An RSA key of 1024 bits.
pub(crate) const PUBLIC_1024: &str = concat!(
    "MIGJAoGBAM0wXQfonHmCGYg6ZyVTHlK1NVJUjuZ36/OvleKm6FnVNVo/XLoT10k5RREdEn6BNafh8guNxqS4yRlZ0bNDvKwSizlvTqAOjdG8",
    "oMnUTSfB3XS/APyR3c76Kc+cAc2ajGePRFCD1cQ7x16DpMB7W1RJtxnT/HW4nhXnXCjsKUoFAgMBAAE=",
);
/// An RSA key of 2048 bits.
pub(crate) const PUBLIC_2048: &str = concat!(
    "MIIBCgKCAQEAu2xu4Djd+tJ2jDdGL0X1etBSSl14tnVmYUNHPjfK6lpDwkGRPIeZ/5UbGH4i7sWQE4aBPdKFJJint0KwR6s1mhutljCxy6JM",
    "uAsf6NDxT7OtcL2CrQd6CuuDTkgfw1EZGMtFFfLsjlnDsCjhW9o6sTe8KjeC4dn9Iq95hQz3GUEmVLIU4y9FUKzlyBss3tg746VuSJ8qb1ln",
    "+4K88hRI5CEO7VEJUXZLoJhgBGhlCiQHBLSbTD1GiUw4OtOXFTmz/wDef7Vt/BePn1CvePpi2WL/YEB+6XRdkK3xoI78aJSoAKffoLN+9aDj",
    "JrCOI7eMry7RDDVBsBwt9+FQkZ814QIDAQAB",
);
/// An RSA key of 3072 bits.
pub(crate) const PUBLIC_3072: &str = concat!(
    "MIIBigKCAYEAlsSTrOGdhGtQtrJPXjCmVaGnQUWtqRImCDzKNaoVSjig6RaMXomBFsZZDcM6p1/r2CSCnUxCfX1+RSVJc50ZAL80QNBd0kX+",
    "LKTPvxifApGON3D5knnalnD0mRmUysQSxu4QSlyG6wmDEkOtKwZsfv0TBg/wxeIxy4XbCXeqAC/CP20+rtq1FqsOqcYtV9d9oVuMW2bdgqJ/",
    "xw/qlNG9Pp5LzpKs3RXd4oKsz5pDFX6Dm7mh9Xz3zmuIrOWkCXz9VeaKev3TgFs/NDxQsCTaxjoNawM9x2cr+nrjXQ8fq/6qujNd68kz1Kbd",
    "kbxQzMnfn4XJDaWo72mBvOrD49eJiY/LJnKn8z3zpbVE0sM5jIUZyK8OnR7EAoebgu19CE/w0M4dQMAtLzbDAGgCGsXEJAHPCkLt5AuFlcAf",
    "587ZvEyEXMXGfZ++pQAxhWDlwUaDvpJaYjebpMZ6pDuqbhY/A/CuPcfT5v/v6KCwp7sNmb2ZEQ/KzjDt054pWyU+yP5zAgMBAAE=",
);
/// An RSA key of 4096 bits.
pub(crate) const PUBLIC_4096: &str = concat!(
    "MIICCgKCAgEAmAZemes0sOkn9M+4fOGBj7nKQKbljghTxI8QGvVCn6NA889vIVbFYTKBOTMTKAFG0yon4twT3mwMOnUy8AWo19MeQB4O44Hu",
    "r62FuQ2olgWe7MqdSlkJ8B5iydf0c/LwqdzdAj+HEB6yZOiEAK9meEUNehFoRNqJxorEYtiTP6zNuqN8FaB++aanyVVhRX42BWWdju/0MmdM",
    "shpivVoBfI27fxXX83lIgN4gS/FiVUCOCZ/pu6O/bsv4slGJ6EP6G6DzR+ixFpRP7xeftTr84s74ilbTaxQn+mu+DQnxi0is56i1op+O06Ja",
    "D5U63Iq67DoHKFku5lVZaAfZf7zL8yeOB7I3ILu8Ivm1Z1ll9yUKlMQqBxWZQc/hpoGSCYyirSVMWN6hnNBKQKaWFvTso2Xock64VtvC8II/",
    "Z15oiTPznvG06icahQFLd3p2H1OexLsdaSYnk9PcA2qAIwsIgfAYIaw0sOdM0uAXHm40HmooiLc/pBfQuMrSvW3GMrYhHB6u2+Zkav5k9hWm",
    "/uZ1GwrxzCR95N1fZFtSr/NZSo27f/yKj2Pv5KqzYeHh+8Tp5zad8rGAs5uoUq3G5w5Ahtdt/4JNUhNXG9HfWgI5NAFwVE2lPFtNP0pIfOTG",
    "y2dAwPuSgpeWsu+ViCPYN1B3w6kTLpiqUFRLhMR57vCzgUUCAwEAAQ==",
);
/// Right but for the length of its key.
pub(crate) const SHA256_1024: &str = concat!(
    "h1k7/lpbOzHtEwaTRadyrzR7JBNEDuN6FW37ADVJjqKlRa2a6RbTMr+/GHJq1+TMXFk84B55nNJdoGSVoLFXgZioqdFww4iHOOKrBO6EzOjm",
    "f0bn/B+oOfQ4B/WH/Rqb9JhCrvsMriCv18uRPvBQIOEsyTwdAfHSiyeApAdQfFo=",
);
/// Right.
pub(crate) const SHA256_2048: &str = concat!(
    "Ti2meyYZhiwtxV5/+WwoSh1HZQaTF2gjqYxbhBlszKy6zratS/O0LAhzTHWN936a4ho5f9Xi+/oPhYmwxUfrIKw3Uqzrcv02J5HbLT8ep3nQ",
    "gSeMmDXj4j0d8RrqCShvDKXujvAsBzb1/Hjrj45LrJ5bJByLt0GM/9UEDxymYHf4jloLp9tNC1tOePVIdqriTVTQUbf3alsADgQf1uxMH3fD",
    "tR4ZakezdoJR+xjEu220KEh2RSJYujCRA1NFb9P2h6VJ+8oxiWKoUn52iV/k7GZoOOuJbziHydYWZz+qerzoP1OXI5xTAC2Wcjj8D7x2Ixxm",
    "mS80w+G/goeZL2mRQA==",
);
/// Right.
pub(crate) const SHA256_3072: &str = concat!(
    "ZIaZZf8nAaKR4ozTlZdqMor5CSvnnfhyR/Bz1xa8QgVLdSm79RhriuLNTgmsKaQoTpgajECFVd7wWMfQJSI2lZ1WLHLaHWAtWL9aw/ujCZ8z",
    "MnKssgcnwLMePvtveVTImF2c72RCsLbrh3YYRvXet6Mjt+IkvwovRDk1JTZWSxDTlO6MsWEhCMVgOZrRni2484gwY7BU7C0oPGH76MIDMHKN",
    "fDfFj756CHJhNMGEI7wl5qmsH5Zb8+uKBYmgl3Ew46P57gjZxZcYZoE5MviPOXg3qkzxQQU3HcN/xbrUFiSG4fsTaeRvjD4Oxl9n3f9p36kk",
    "EKNkz9X1NoPWrdLTJuAeLviLaeD8rDusG9/c5vTCYkZtGHh1PUkCTeJfRHqT0Sjo7xdO+8b8KxYMIPD5r4HywuLOkToKgfvnaT3Sr+rBbPrf",
    "Y9FcOjVtN90Sutx265fK7jkY591o5zKlh6vDGqXPlr/J3XagRAMbowncJ26TKhqZvZtoDA7bKi2Ff65D",
);
/// Right.
pub(crate) const SHA256_4096: &str = concat!(
    "laa3VILxw8TX5Xd828iZCbZScaCqQecweSST+auKi5iKaAqsWZoM0tuulOcjUD3FHgiVPZEBpjV8nPj6cTQ6vmyzmuCekQRGRtOmI7FvB1X4",
    "WItiDxMhOqoPbhEfxMMk0q73YK+F7YFsxBIIk1siwiKtwTW6Qo73ty2CK0WC/QO+MnaH/nr2uJn5OLbfTDbzd7lN/lCz2FJ5azgDGpTW8Jk0",
    "oMkRwD3HYBHPsARUZN30Pk6U4ppCJ/dhevBgluqkAXSLzjkqM3og6hx1ieX7VP2zCAtj10AiX1SGwT9AdGbxqdbj/c7CKSNq/MNjZ8rt2Rmk",
    "hhr8rE5iEqxOba6FP6sxyIvHL+5dWUdLhJVMINOBUeo1LQuwVdeIOhbHPpiWG24Uq5gL1zTJj55zUfhJWcpAKIgIi6sowVk4a0IWTt4y6zuT",
    "qV/IdnTGfsu8rcNwTiltuFcJox5bmcWIkm+8VyiKt3a9XGfgvwnoVwVj1jSu6joZkMylGPK+nexrTdxH++20EkFGDpdRM0tCx5MPGJBcQbCc",
    "rb+UGXal5LihD2PzWXfveNcyitM2I5fGLJ1rt6h14dr8Tvbm1wQ43uUHJEPUNpkDco41h7XQKZ50DUYZGmqlmFAoQcoHv+ukZbrIeXTtvxnO",
    "jU2MpTiZuQaXkzjqo13/JdTKkCxBHOz11GA=",
);
/// Over MD5.
pub(crate) const MD5_2048: &str = concat!(
    "CPJX+STRh86BCVSUJYb7YFA2b/5OQmUo0jEW+T9b5/wk45bE4aAEaCp5gFX8OUliX5kPqHjZ+1tgGzJglv30nnMX/MVLa8XmVCGbIQODdIbM",
    "sUE3EfwaXhT97L3rQUQ0e9orkxLfXKuKTfkhambaL0wYqAmZ6/Er2KsEAuqEXtK0wSulEjXmigqlqu9VeaG6lp/SYweU2MUA4DRA8CvU964l",
    "B0DnLjplDtQhRNMXLprOH94zjWpROR8eBQHv1/Qe38cQfoXODgz41CLyz68QRFZ7KIMkB9SWtbmKfLWdW/O82s7+l1HI/7ASNoEgK61aol7o",
    "Qb0W/Lw6ZddFypfQVw==",
);
/// Over SHA-1.
pub(crate) const SHA1_2048: &str = concat!(
    "T0uRuB/KnstpOHVI+/BFMkIXAb1kuSd+NSD2tj7TUaOP9LhVr78SaHjzVvsAwH/Z4gisKhYdcLkkeqIejAzHrGrPulzoRIN3Et7zfLQt/7bi",
    "N09qS8Z6qqn01BBgy7hfyAh0ORS0a8sTXOHMs5lebaQEyBYl96y6SPTSuMcDRxcz2SDa6ktQZVWdFdODsyQaMy2XL3azG53cO/Xg9b6z3zb8",
    "LX5NIXBXo4MA9+0IFyOIKJRmonyFfkXElAMhbVWOna+Ag9vnJIAr9sjucEoKOBjqIHDmqs4ffVR3TdBkuN5ll6PkDDLzF78yso3yy83S+7m3",
    "YBqD5VKGVB+4lCtueg==",
);
/// Over SHA-224.
pub(crate) const SHA224_2048: &str = concat!(
    "bN3kpbspSWDTak5LdN7mfsZDKF/bqLHirMBoHS/Alo9peAGUWEgKzFd+Ou1UIxn8eBtPR33V+89X33rI3zMCbnLuGumUvmMkbAM0VGw4Xw5Y",
    "qsbj2ge2ABEceZK+kKVt2h79Z/cVPLnZC299pRuHSOlndWBbwR/7D69mQrgVGTXlCxtZ0GnKV/g5QRbEivp2oY+XKxy8Nsp2TbCMQq6V2vN6",
    "Rajq9QBpwlvR7Djnk0RQf1vHAcKyXUwj/END2hU67zXfk8fbuSsYor6B7LhgwF5//j3pkLMUZNHpztpEk+Oj5+kg3Fxv4pCoP0yBNTupwEZ2",
    "L7uMcdoM1QGKzmFqQQ==",
);
/// Over the bare digest, with nothing that names its algorithm.
pub(crate) const BARE_2048: &str = concat!(
    "ICLXSeNq1Ymc3AF1VCe5GjQ2L2ACtT4kU9+RXVB9XboZiK5JNlbKiOoiIu/76HfPEWJC2pQcKPE+EWaTX54jVlzc1DS9owSqQ9WqLB5eHVq/",
    "hr98MeWCHWxdVTDDpQ9nMbc+Lvv2qecQhCgQmRrWRXSp2g8qArZ9/rHqau2KjWslo06BPgigGVquDsgu3vPRWS91EAUBGWZ/rwXgMj1chYt/",
    "mmH22/tRxaNEcdQ9i5SlFmQOlect1sIXybAIEbIAn1yETOTYoinXqW2RHFSK7ujt2P3mloyNorMlsL3VXZTkriI09qLuB/DNt0UDF39iFOa0",
    "n27PMAJybK+ludmTPg==",
);
