"""`make chaos`: the whole system while everything goes wrong at once, and a judge who says whether it mattered.

What judges here shares no code with the app. Files, in the order of a story:

    plan        what is done to the source, decided by a seed before anything runs
    artifacts   small ones of every form, some nasty
    source      what the source must hold after each operation, and each tag's own sequence
    hands       does the operations over HTTP
    weather     faults, doubled and late events, stale reads: what the clouds are told to do to everybody but the judge
    accidents   kills, restarts and rotated credentials, in the middle of it
    provoked    each race brought about on purpose, once
    reader      looks at the tags of the targets all the while
    records     what clouds and host have written down, by `moments` that can be compared; `quiet` is when none of it goes on
    aftermath   whether a tag was ever not as at the source with nothing under way that puts it right, by those records
    races       how often each race has really happened, by those records
    inventory, judge   what each registry holds in the end, and where they differ
    report      one table and one file of JSON"""
