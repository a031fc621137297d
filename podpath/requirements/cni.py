"""CNI: requirements of the contract between a runtime and its plugins."""

from podpath.requirements.requirement import (
    NODE,
    POD,
    STATE,
    Ability,
    Level,
    Requirement,
    call,
)

REQUIREMENTS = (
    Requirement(
        "CNI-VERSION",
        "VERSION lists the supported versions",
        "VERSION exits with 0 and prints one JSON document that lists the conflist's version.",
        "The plugin is older than the conflist, or prints something else on stdout.",
        (call("VERSION"),),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 5, VERSION Success",
        needs=Ability.CALLS,
        why="A runtime that cannot read a plugin's versions does not know how to speak to it.",
        how="Each plugin is called for VERSION. stdout must be one document as the schema has it,"
        " with the conflist's version in its list.",
    ),
    Requirement(
        "CNI-VERSION-ECHO",
        "VERSION answers in its input's version",
        "A plugin that supports 1.0.0 or later answers VERSION in the version of its input.",
        "The plugin does not read its stdin, and answers in the newest version that it supports.",
        (call("VERSION"),),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 5, VERSION Success",
        needs=Ability.CALLS,
        why="A runtime that asks in an old version may not understand the answer of a new one.",
        how="VERSION is asked in 0.4.0, and in each supported version since 1.0.0. The answer's"
        " cniVersion must be that of the question.",
    ),
    Requirement(
        "CNI-VERSION-UNSUPPORTED",
        "Unsupported versions are refused",
        "ADD with a cniVersion that the plugin does not support fails with code 1.",
        "The plugin starts to work before it checks the version.",
        (call("ADD"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 5, Error",
        needs=Ability.CALLS,
        why="A configuration of a version that the plugin does not know may mean something else"
        " than it takes it for.",
        how="podpath calls ADD with an unknown cniVersion and a missing container: the error must"
        " name the version.",
    ),
    Requirement(
        "CNI-ADD-RESULT",
        "ADD prints one valid result",
        "ADD exits with 0 and prints one JSON document: a valid result in the version of its"
        " input.",
        "The plugin logs to stdout, or prints the result in another version.",
        (call("ADD"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 5, ADD Success",
        needs=Ability.CALLS,
        why="The runtime and the next plugin read the result. A line of a log in it breaks both.",
        how="podpath checks each plugin's output of ADD against the JSON Schema of each version"
        " that it supports. Since 0.4.0, the result must have the cniVersion of the input.",
    ),
    Requirement(
        "CNI-ADD-INTERFACE",
        "ADD's result matches the container",
        "The interfaces and addresses in ADD's result are those of the kernel, and are usable at"
        " once.",
        "The result was built from the configuration, or was taken before the last change.",
        (call("ADD"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, ADD; 5, ADD Success; that an address can"
        " be used at once is podpath's own judgement",
        needs=Ability.CALLS,
        why="The runtime reports the result to Kubernetes. A pod's first program may send at once,"
        " and cannot if its address still waits for duplicate address detection.",
        how="Right after ADD, podpath reads links and addresses of the container and the node from"
        " the kernel, and compares them with the result. The container's interface must have the"
        " name CNI_IFNAME and the sandbox CNI_NETNS.",
    ),
    Requirement(
        "CNI-ADD-TAKEN",
        "ADD refuses an interface that exists",
        "ADD fails if the container already has an interface of that name, and does not change it.",
        "The plugin takes the existing interface for its own, or replaces it.",
        (call("ADD"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, ADD; that the interface stays as it was is"
        " podpath's own judgement",
        needs=Ability.CALLS,
        why="The interface may be that of another network, which breaks if it is taken over.",
        how="An interface of that name is put into the container before ADD. ADD must fail, and"
        " the interface be as it was. A plugin that delegates ADD should call its delegate for DEL"
        " after the error (section 4), and DEL deletes an interface of that name: there it may be"
        " gone.",
    ),
    Requirement(
        "CNI-ADD-PREVIOUS",
        "Chained plugins pass on prevResult",
        "A chained plugin passes on the interfaces and addresses of prevResult.",
        "The plugin prints a result of its own, and drops the results of the plugins before it.",
        (call("ADD"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, ADD",
        needs=Ability.CALLS,
        why="The runtime gets the last plugin's result only. Interfaces and addresses that it"
        " leaves out are lost.",
        how="The result of each chained plugin is compared with the prevResult that it was given.",
    ),
    Requirement(
        "CNI-ADD-ARGS",
        "ADD accepts the kubelet's CNI_ARGS",
        "ADD accepts the CNI_ARGS of kubelets, and unknown keys with IgnoreUnknown=1.",
        "The plugin refuses unknown keys without reading IgnoreUnknown.",
        (call("ADD"), STATE),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from containernetworking/cni, pkg/types/args.go,"
        " IgnoreUnknown, which the runtimes of Kubernetes set",
        needs=Ability.CALLS,
        why="Kubelets give a pod's name and more in CNI_ARGS, and new keys come with new versions.",
        how="podpath calls ADD with the keys that kubelets give, an unknown one, and"
        " IgnoreUnknown=1.",
    ),
    Requirement(
        "CNI-ADD-AGAIN",
        "ADD after an ADD that failed",
        "After a failed ADD, ADD of another container succeeds, and so does its own after DEL.",
        "ADD keeps a lock, a mark of its failure that DEL does not delete, or sets back a bridge"
        " or a port of other containers.",
        (call("ADD"), STATE),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 3: attachments of"
        " different containers are independent of each other, and DEL undoes an ADD that failed",
        needs=Ability.CALLS,
        why="One pod whose ADD fails must not keep all later ones from starting.",
        how="ADD fails in several ways: its namespace does not exist, CNI_ARGS has an unknown key,"
        " the IPAM plugin refuses, or the plugin is killed. The links of a container that is"
        " attached, and the links of all, must be as before. Then ADD of another container must"
        " succeed, and after DEL of the"
        " first one its ADD, too. The node's own links must be neither promiscuous nor have other"
        " names, if they were not so after the first ADD of all.",
    ),
    Requirement(
        "CNI-ADD-EXHAUSTED",
        "ADD without an address left",
        "ADD fails while no address is free, DEL undoes it, and ADD succeeds once one is free.",
        "One of two addresses stays leased, or the interface stays without an address.",
        (call("ADD"), f"{NODE} sh -c 'head /var/lib/cni/networks/*/*'"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, Errors, and section"
        " 3: DEL undoes an ADD that failed",
        needs=Ability.CALLS,
        why="Every node runs out of addresses some day. The remains of a refused pod make it"
        " worse.",
        how="ADD is called for two containers, with a range of one address in its configuration."
        " The second one must fail with an error document, change no link of the first one, nor of"
        " all, and leave nothing after its DEL. After"
        " DEL of the first one it must succeed.",
    ),
    Requirement(
        "CNI-ERROR",
        "Failures are error documents",
        "A failed call exits with a status other than 0, and prints one JSON document with an"
        " error.",
        "The error is printed only on stderr, as plain text, or as the log of a crash.",
        (call("ADD"), STATE),
        level=Level.JUDGEMENT,
        source="CNI specification 1.1.0, section 2, Errors: the exit status must, and the"
        " document should (until 0.4.0: must); that both are required is podpath's own"
        " judgement",
        needs=Ability.CALLS,
        why="People find the message in a pod's events. An exit status alone does not show what to"
        " fix.",
        how="ADD is called for a namespace that does not exist, with an IPAM plugin that refuses,"
        " and with programs for firewall rules that fail. stdout must be one document as the"
        " schema has it, with a code that the specification has, or of 100 and more.",
    ),
    Requirement(
        "CNI-ENVIRONMENT",
        "Missing variables are errors of code 4",
        "A missing or invalid required variable is an error of code 4 whose message names it.",
        "The plugin does not check its variables, or names all of them in one message.",
        (call("ADD"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 5, Error, code 4",
        needs=Ability.CALLS,
        why="A mistake of the runtime must be an error, and not an interface with a wrong name, or"
        " a path that leads elsewhere.",
        how="ADD is called several times, each time with another variable missing or invalid.",
    ),
    Requirement(
        "CNI-CONFIGURATION",
        "Invalid configurations: code 6 or 7",
        "A configuration that is not JSON is an error of code 6; without a valid name, of code 7.",
        "All errors of the configuration have the same code.",
        (call("ADD"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 5, Error, codes 6 and 7",
        needs=Ability.CALLS,
        why="The code shows runtimes and people that the configuration is wrong.",
        how="ADD is called with a configuration that is cut off, one without a name, and one with"
        " an invalid name.",
    ),
    Requirement(
        "CNI-DEL",
        "DEL removes all that ADD created",
        "DEL succeeds and removes every link, lease, route and rule that ADD created.",
        "DEL forgot something that ADD created.",
        (call("DEL"), STATE),
        level=Level.JUDGEMENT,
        source="CNI specification 1.1.0, section 2, DEL, recommends that ADD is undone; that"
        " it is required is podpath's own judgement",
        needs=Ability.CALLS,
        why="The remains of each container add up, until addresses or interfaces run out.",
        how="The node's interfaces, bridge ports, leases, routes and rules are read before ADD"
        " and after DEL, and must be the same.",
    ),
    Requirement(
        "CNI-DEL-IDEMPOTENT",
        "DEL succeeds twice, and late",
        "A second DEL of an attachment succeeds, and a late one leaves the pod's next container.",
        "The plugin reports an error for what is already gone, or finds links by the pod's name, or"
        " leases by their address, which are the next container's by now.",
        (call("DEL"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, DEL; until 0.4.0, section Parameters:"
        " recommended; section 3: an attachment is a container id and an interface name",
        must_since="1.0.0",
        needs=Ability.CALLS,
        why="Runtimes call DEL again when they are not sure. An error keeps the pod from being"
        " deleted forever. A pod that was killed and made again may have its next container by"
        " then, which loses its network.",
        how="DEL is called twice, with the same variables and the same configuration. Since 1.0.0,"
        " another container with the pod's name is attached before the first or the second DEL,"
        " in the latter case with the same address where the lease store allows it. Links,"
        " routes, leases and rules of that one must stay, and its CHECK succeed.",
    ),
    Requirement(
        "CNI-DEL-GONE",
        "DEL without namespace or prevResult",
        "DEL succeeds and releases leases and rules when the namespace or prevResult is gone.",
        "Without the namespace, the plugin does not know what it created, or stops at the first"
        " error.",
        (call("DEL"), STATE),
        level=Level.JUDGEMENT,
        source="CNI specification 1.1.0, section 2, DEL, recommends it; that it is required"
        " is podpath's own judgement",
        needs=Ability.CALLS,
        why="After a crash or a restart the namespace is gone, and DEL is the last chance to give"
        " the lease back.",
        how="After ADD, the namespace is removed, unmounted or not named, prevResult is left out,"
        " or the IPAM plugin refuses a DEL before. DEL must succeed, and leave nothing.",
    ),
    Requirement(
        "CNI-DEL-FAILED",
        "DEL after a failed or killed ADD",
        "After an ADD that failed or was killed, DEL succeeds and leaves nothing behind.",
        "DEL assumes that ADD completed.",
        (call("DEL"), STATE),
        level=Level.JUDGEMENT,
        source="CNI specification 1.1.0, section 2, DEL: success must, and the rest should;"
        " that both are required is podpath's own judgement",
        needs=Ability.CALLS,
        why="Runtimes call DEL after an ADD that has failed. Any part of what ADD makes may be"
        " there.",
        how="ADD is made to fail at IPAM, is killed there, or where it sets rules. DEL must"
        " succeed, and the node be as before.",
    ),
    Requirement(
        "CNI-INTERFACES",
        "Two interfaces of one container",
        "A container may have two interfaces on a network, and DEL of one keeps the other.",
        "The plugin keeps state, a lease or a chain for the container, not for its interface, or"
        " replaces the routes or settings of another interface.",
        (call("DEL"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 3: a container may be added to a network more than"
        " once, with another interface name each time",
        needs=Ability.CALLS,
        why="Pods with several interfaces lose the address, the rules or the deletion of one of"
        " them, because of another.",
        how="podpath calls ADD for two interfaces of a container, and DEL for one. The second ADD"
        " must leave the first one's routes, the settings of both ends of its link, and those of"
        " the container. The state of the interface that stays, on the node and"
        " in the container, with its routes, must stay, and its CHECK succeed. After its DEL"
        " nothing may be left. Which of two default routes the kernel prefers is not judged.",
    ),
    Requirement(
        "CNI-CHECK",
        "CHECK of a healthy container succeeds",
        "CHECK of a healthy container exits with 0 and prints nothing, also right after ADD.",
        "CHECK compares with what the plugin would do, not with the result, or does not wait for"
        " a change that takes time.",
        (call("CHECK"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, CHECK",
        needs=Ability.CALLS,
        why="A runtime may take a pod whose CHECK fails for broken, and create it again.",
        how="CHECK is called right after ADD, in each supported version since 0.4.0.",
    ),
    Requirement(
        "CNI-CHECK-PREVIOUS",
        "CHECK requires prevResult",
        "CHECK without prevResult fails.",
        "CHECK does nothing.",
        (call("CHECK"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, CHECK: a plugin must consult prevResult",
        needs=Ability.CALLS,
        why="Without the result, CHECK cannot know what to look for, and its success means"
        " nothing.",
        how="CHECK is called without prevResult.",
    ),
    Requirement(
        "CNI-CHECK-LISTED",
        "CHECK notices what the result lists",
        "CHECK fails when an interface, address or route of the result is missing.",
        "CHECK does nothing, or checks the interface only.",
        (call("CHECK"), STATE),
        level=Level.SHOULD,
        source="CNI specification 1.1.0, section 2, CHECK",
        needs=Ability.CALLS,
        why="CHECK is there to find containers that have lost their network.",
        how="The interface, an address or a route of the result is deleted in the container;"
        " CHECK must fail, with an error document.",
    ),
    Requirement(
        "CNI-CHECK-STATE",
        "CHECK notices damage outside the result",
        "CHECK fails when a part of the network that the result does not list is missing or"
        " changed.",
        "CHECK looks at the container's namespace only.",
        (call("CHECK"), STATE),
        level=Level.SHOULD,
        source="CNI specification 1.1.0, section 2, CHECK",
        needs=Ability.CALLS,
        why="A container whose host end is down, or whose gateway is gone, is cut off, though all"
        " is well inside of it.",
        how="podpath breaks one part after the other, and CHECK must fail each time: the host end,"
        " the bridge, the gateway's address, rules, the lease, and the mode of a macvlan or"
        " ipvlan. Parts that the conflist does not configure are not applicable.",
    ),
    Requirement(
        "CNI-CHECK-LATER",
        "CHECK accepts what later plugins added",
        "CHECK accepts interfaces, addresses and routes that later plugins added.",
        "CHECK requires the namespace to be as this plugin left it.",
        (call("CHECK"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, CHECK",
        needs=Ability.CALLS,
        why="Later plugins of the chain add to the container, which is no damage.",
        how="A route, or an interface with an address, is added to the container and to the"
        " result. CHECK must succeed.",
    ),
    Requirement(
        "CNI-DELEGATE",
        "CHECK and DEL call the IPAM plugin",
        "CHECK and DEL call the delegated IPAM plugin.",
        "Only ADD calls it.",
        (call("DEL"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 4, Delegated plugin execution procedure",
        needs=Ability.CALLS,
        why="Only the IPAM plugin knows the lease. If it is not called, the lease is neither"
        " checked nor released.",
        how="A script before the IPAM plugin in CNI_PATH writes down what it is called for during"
        " ADD, CHECK and DEL.",
    ),
    Requirement(
        "CNI-DELEGATE-ERROR",
        "Errors of the IPAM plugin are passed on",
        "CHECK, DEL and GC fail when the delegated IPAM plugin fails.",
        "The plugin logs the error and drops it.",
        (call("DEL"), STATE),
        level=Level.SHOULD,
        source="CNI specification 1.1.0, section 4, Delegated plugin execution procedure",
        needs=Ability.CALLS,
        why="An error that is dropped is a lease that is lost, or a broken container that looks"
        " healthy.",
        how="A script before the IPAM plugin in CNI_PATH refuses CHECK, DEL or GC. The plugin"
        " should fail as well.",
    ),
    Requirement(
        "CNI-DELEGATE-UNDO",
        "ADD undoes an IPAM plugin that failed",
        "ADD calls the delegated IPAM plugin for DEL when that plugin's ADD fails.",
        "The plugin returns the error at once.",
        (call("ADD"), STATE),
        level=Level.SHOULD,
        source="CNI specification 1.1.0, section 4, Delegated plugin execution procedure",
        needs=Ability.CALLS,
        why="IPAM may have reserved an address before it failed.",
        how="A script before the IPAM plugin in CNI_PATH refuses ADD, and writes down whether it"
        " is called for DEL.",
    ),
    Requirement(
        "CNI-STATIC-IP",
        "A container gets the requested IP",
        "A container gets the IP address that the runtime requests, unless another container has"
        " it.",
        "The plugin does not pass runtimeConfig.ips to IPAM, or IPAM assigns an address that is"
        " in use.",
        (call("ADD"), f"{NODE} sh -c 'head /var/lib/cni/networks/*/*'"),
        level=Level.MUST,
        source="containernetworking/cni, CONVENTIONS.md, ips",
        needs=Ability.CALLS,
        feature="static-ip",
        why="Other machines already know an address that is requested by name. If two containers"
        " have it, neither is reached.",
        how="ADD is called with the last address of the range in runtimeConfig.ips, for one"
        " container, for a second one, and for a third one when the first one is gone.",
    ),
    Requirement(
        "CNI-STATIC-MAC",
        "A container gets the requested MAC",
        "A container gets the MAC address that the runtime requests, in the kernel and in the"
        " result.",
        "The plugin ignores runtimeConfig.mac, or the result has the address from before it was"
        " set.",
        (call("ADD"), POD),
        level=Level.MUST,
        source="containernetworking/cni, CONVENTIONS.md, mac",
        needs=Ability.CALLS,
        feature="static-mac",
        why="Licences, DHCP servers and switches know a machine by its MAC address.",
        how="ADD is called with a MAC address in runtimeConfig.mac. The container's interface and"
        " the result must have it.",
    ),
    Requirement(
        "CNI-PARALLEL",
        "Parallel calls succeed",
        "Parallel ADD and DEL of several containers succeed, assign unique addresses and leave"
        " nothing.",
        "A race: in IPAM's lock, or in the rules.",
        (call("ADD"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 3, Lifecycle & Ordering",
        needs=Ability.CALLS,
        why="A runtime makes many containers at the same time.",
        how="ADD of several containers is called at once, and then DEL of all. No two may have"
        " one address, and the node must be as before.",
    ),
    Requirement(
        "CNI-GC",
        "GC releases unlisted attachments",
        "GC succeeds and releases the resources of attachments that are not listed.",
        "GC does nothing, takes an empty list for a missing one, or compares container ids only.",
        (call("GC"), STATE),
        level=Level.SHOULD,
        source="CNI specification 1.1.0, section 2, GC",
        needs=Ability.CALLS,
        why="GC gives back what was lost in crashes.",
        how="podpath calls GC three times: with one of two containers listed while the other has"
        " lost its namespace, with an empty list for a container without a namespace, and with the"
        " first of a container's two interfaces listed. Attachments that are not listed must be"
        " released.",
    ),
    Requirement(
        "CNI-GC-LISTED",
        "GC keeps listed attachments",
        "GC keeps listed attachments, other networks and shared files, and prints nothing.",
        "GC removes everything, knows only one interface of a container, sets links down, or logs"
        " to stdout.",
        (call("GC"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, GC: the list names attachments to this network"
        " that are still valid",
        needs=Ability.CALLS,
        why="A GC that takes too much cuts living pods off, or gives their addresses to others.",
        how="A container with two interfaces and one with a mapped port stay, one of another"
        " network has an address, and one loses its namespace. GC is called with those listed, and"
        " after their DEL with an empty list. Nothing may be lost but what the vanished container"
        " held: links, bridge ports, rules, and what the node learned of all interfaces must stay,"
        " and CHECK of each must succeed, unless the conflist turns CHECK off.",
    ),
    Requirement(
        "CNI-GC-DELEGATE",
        "GC calls the IPAM plugin",
        "GC calls the delegated IPAM plugin.",
        "GC handles the plugin's own state only.",
        (call("GC"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, GC; 4, Delegated plugin execution procedure",
        needs=Ability.CALLS,
        why="Leases are IPAM's. A GC that does not reach it gives none back.",
        how="A script before the IPAM plugin in CNI_PATH writes down whether it is called for GC.",
    ),
    Requirement(
        "CNI-STATUS",
        "STATUS of a ready plugin succeeds",
        "STATUS exits with 0 if the plugin can serve ADD.",
        "The plugin does not know STATUS, or requires what only ADD receives.",
        (call("STATUS"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, STATUS",
        needs=Ability.CALLS,
        why="A node whose plugin reports that it is not ready gets no pods.",
        how="STATUS is called with the configuration that ADD gets.",
    ),
    Requirement(
        "CNI-STATUS-DELEGATE",
        "STATUS includes the IPAM plugin",
        "STATUS fails with code 50 or 51 when the delegated IPAM plugin is not available.",
        "STATUS handles the plugin's own state only.",
        (call("STATUS"), STATE),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, STATUS",
        needs=Ability.CALLS,
        why="Without its IPAM plugin, a plugin cannot serve ADD, however ready it is itself.",
        how="A script before the IPAM plugin in CNI_PATH refuses STATUS with code 50.",
    ),
    Requirement(
        "CNI-TIME",
        "Calls end in time",
        "ADD, CHECK and DEL end within 10 s, and close their output.",
        "The plugin waits for a lock, an address or a daemon, or leaves a process behind that"
        " holds its stdout.",
        (call("ADD"), STATE),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: the specification has no limit",
        needs=Ability.CALLS,
        why="A plugin that hangs keeps its pod from starting. A runtime may wait for as long as"
        " the plugin's stdout is open.",
        how="All calls of a container's life are timed. One that does not end is killed, with all"
        " that it has started.",
    ),
)
