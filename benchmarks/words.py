"""The vocabulary that generated code is written in."""

from __future__ import annotations

NOUNS = tuple(
    """
    account address agent alert amount archive article asset attempt audit badge balance basket batch bill block board
    booking branch broker bucket budget buffer bundle cache calendar campaign card carrier cart catalog category channel
    charge checkout claim client cluster column comment company contact contract coupon course currency customer dataset
    deadline delivery deposit device digest discount document driver employee endpoint engine entry event exchange
    feature feed field filter folder forecast gateway grade group history holiday house image index inventory
    invoice issue item job journal label ledger lesson license limit link listing loan location lock machine mailbox
    manifest market measure member merchant message metric milestone mission module monitor network notice number offer
    office order owner package page panel parcel partner passage payment period permit phase pipeline player policy
    pool position price printer process product profile project prompt quota quote rating reader reason receipt record
    refund region release report request resource result review reward role route rule salary sample schedule score
    section segment sensor series service session shift shipment signal slot snapshot source stage statement station
    status step stock storage stream student subject summary supplier survey table target task tax team template tenant
    term ticket token topic tour trade transfer trial unit upload user vendor version view visit volume voucher wallet
    warehouse warning window worker zone
    """.split()
)
VERBS = tuple(
    """
    add adjust allocate apply approve archive assign attach balance build calculate cancel check clean close collect
    compare compute confirm convert copy count create decode deliver detect divide drop encode enrich estimate expand
    export extract fetch fill filter find flush format gather group handle index insert inspect join limit list
    load lock map match measure merge move normalize notify order pack parse pick plan prepare print process publish
    pull push queue read rebuild record reduce refresh register reject release remove rename render repeat replace
    report reserve reset resolve restore rotate round run save scan schedule score search select send set show
    sort split start stop store submit sum sync trace track transform trim update upload validate verify write
    """.split()
)
