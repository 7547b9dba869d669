-- Documents of a scope that have a line of one of these items; all their lines, which say whose they are.
($scope) AND t.id IN (SELECT x.transaction FROM transactionline x WHERE x.item IN ($items))
